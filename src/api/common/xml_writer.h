// XML as the storage services write it, appended to a string: no tree, no indentation.
#pragma once
#include <string>
#include <string_view>

namespace bascule::api {

inline constexpr std::string_view kXmlStart = "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>";

// Escaped text. Bytes that are not UTF-8 (a header value in Latin-1) are taken as Latin-1; characters that XML 1.0 cannot
// carry are left out.
void append_text(std::string& out, std::string_view text);
void append_attribute(std::string& out, std::string_view text);  // also quotes and line ends

// <name>text</name>, or <name /> where the text is empty.
void append_element(std::string& out, std::string_view name, std::string_view text);

// True where XML 1.0 can carry the text as it is.
bool xml_can_carry(std::string_view text);

// <Name>…</Name>, with Encoded="true" and percent-encoding where XML cannot carry the name.
void append_name(std::string& out, std::string_view name);

// Everything but unreserved characters (and '/' where kept) as %XX.
void append_percent_encoded(std::string& out, std::string_view text, bool keep_slash);

}  // namespace bascule::api
