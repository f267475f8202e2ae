// Customer-provided keys and encryption scopes as headers. Sources: "Provide an encryption key on a request to Blob
// storage", "Encryption scopes for Blob storage"; AZURE-DETAILS 49, 51, 52.
#pragma once
#include "api/blob/call.h"
#include "api/blob/reply.h"
#include "ops/encryption.h"

namespace bascule::api::blob {

enum class KeyUse : std::uint8_t { read, write };

// x-ms-encryption-key with its hash and algorithm, checked against one another; or x-ms-encryption-scope, the SAS's own
// where the header is not sent. Never both; a key over TLS alone. No refusal names the key.
Parsed<ops::AskedEncryption> asked_encryption(const Call& call, KeyUse use);

// The same of a source: x-ms-source-encryption-key, -key-sha256 and -algorithm; nothing where none is sent.
Parsed<std::shared_ptr<const ops::CustomerKey>> source_key(const Call& call);

// x-ms-request-server-encrypted with what the content, or metadata, was sealed under.
void add_written_encryption(Reply& reply, const ops::AskedEncryption& asked, const std::string& scope, Version version);
// x-ms-server-encrypted's companions on reads.
void add_read_encryption(Reply& reply, const ops::BlobView& blob);

// x-ms-default-encryption-scope and x-ms-deny-encryption-scope-override of a new container: both or none.
Parsed<ops::ContainerEncryption> container_encryption(const Call& call);
std::string_view default_scope_text(const ops::ContainerView& container);

// Which operations take the headers; the others refuse them.
bool takes_key(auth::Operation operation);
bool takes_source_key(auth::Operation operation);
bool takes_scope(auth::Operation operation);

}  // namespace bascule::api::blob
