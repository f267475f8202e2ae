#include "app/backup_place.h"

#include <filesystem>

#include "app/places.h"
#include "crypto/key_file.h"
#include "provider/folder/folder_provider.h"
#include "provider/s3/s3_stack.h"
#include "runtime/run.h"

namespace bascule::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kS3 = "s3://";

Result<BackupPlace> open_bucket(const EngineOptions& options, const std::string& to, Clock& clock, Random& random) {
  if (!options.backup_s3) return fail(Code::invalid_argument, "a backup to " + to + " needs backup.endpoint and its keys in the configuration");
  provider::S3Options s3 = *options.backup_s3;
  const std::string rest = to.substr(kS3.size());
  const std::size_t slash = rest.find('/');
  s3.bucket = rest.substr(0, slash);
  s3.prefix = slash == std::string::npos ? "" : rest.substr(slash + 1);
  if (!s3.prefix.empty() && !s3.prefix.ends_with('/')) s3.prefix += '/';
  if (s3.bucket.empty()) return fail(Code::invalid_argument, to + " names no bucket; allowed is s3://BUCKET or s3://BUCKET/PREFIX");
  if (options.s3 && options.s3->endpoint == s3.endpoint && options.s3->bucket == s3.bucket &&
      (s3.prefix.starts_with(options.s3->prefix) || options.s3->prefix.starts_with(s3.prefix)))
    return fail(Code::invalid_argument, to + " is where the content lies: give backups a bucket of their own, or prefixes of which none leads the other");
  BASCULE_ASSIGN(auto stack, provider::make_s3_stack(s3, clock, random));
  return BackupPlace{std::move(stack.client), std::move(stack.provider), "s3://" + s3.bucket + (s3.prefix.empty() ? "" : "/" + s3.prefix)};
}

}  // namespace

std::string absolute_place(const std::string& to) {
  if (to.find("://") != std::string::npos) return to;
  std::error_code error;
  const fs::path path = fs::absolute(to, error).lexically_normal();
  std::string text = error ? to : path.string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

Result<BackupPlace> open_backup_place(const EngineOptions& options, std::string to, MissingPlace missing, Workers& workers,
                                      Clock& clock, Random& random) {
  if (to.empty()) return fail(Code::invalid_argument, "no place is named: a folder, or s3://BUCKET/PREFIX");
  if (to.starts_with(kS3)) return open_bucket(options, to, clock, random);
  if (to.find("://") != std::string::npos) return fail(Code::invalid_argument, to + " is no place that backups go to: a folder, or s3://BUCKET/PREFIX");
  if (!fs::path(to).is_absolute()) return fail(Code::invalid_argument, to + " is not an absolute path");
  std::error_code error;
  if (lies_within(to, options.data) || fs::equivalent(to, options.data, error))
    return fail(Code::invalid_argument, to + " lies within the data folder: what takes the one takes the other. Name a folder on another disk");
  if (missing == MissingPlace::refuse && !fs::is_directory(to + "/shards", error)) return fail(Code::not_found, "there is no backup in " + to);
  auto folder = provider::open_folder({.name = "backup", .path = to}, workers, clock);
  if (!folder && folder.error().message.contains("another process holds"))
    return fail(Code::unavailable, "a backup, or something else, is at work in " + to + ": one at a time");
  if (!folder) return fail(folder.error());
  return BackupPlace{nullptr, std::move(*folder), std::move(to)};
}

Result<Holdings> open_holdings(const EngineOptions& options, Loop& loop, Clock& clock, Random& random) {
  Holdings h;
  auto key_file = crypto::KeyFile::load(options.key_file, random);
  if (!key_file && key_file.error().code == Code::not_found)
    return fail(Code::not_found, "the key file " + options.key_file + " is not there: backups are sealed under it, and nothing opens without. "
                                 "Put the copy back, or name the right file (key_file)");
  if (!key_file) return fail(key_file.error());
  h.holder = std::move(*key_file);
  h.workers = make_thread_workers(options.workers, "io");
  if (options.s3) {
    BASCULE_ASSIGN(auto stack, provider::make_s3_stack(*options.s3, clock, random));
    h.client = std::move(stack.client);
    h.provider = std::move(stack.provider);
  } else {
    std::error_code error;
    if (!fs::is_directory(options.data + "/shards", error))
      return fail(Code::not_found, "there is no content in " + options.data + "/shards: a backup holds the catalog alone. Copy the shards "
                                   "folder, with the keyring's objects in it, there first");
    BASCULE_ASSIGN(h.provider, provider::open_folder({.path = options.data}, *h.workers, clock));
  }
  auto keyring = run(loop, crypto::Keyring::open_or_create({*h.provider, *h.holder, random, clock}, crypto::Keyring::IfMissing::refuse));
  if (!keyring && keyring.error().code == Code::not_found)
    return fail(Code::not_found, "there is no keyring at " + std::string(h.provider->name()) +
                                     ": without the object keyring-root, which lies where the content lies, no backup opens");
  if (!keyring) return fail(keyring.error());
  h.keyring = std::move(*keyring);
  h.namer = std::make_unique<crypto::ExtentNamer>(h.keyring->name_key());
  return h;
}

}  // namespace bascule::app
