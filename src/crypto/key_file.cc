#include "crypto/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "crypto/hkdf.h"

namespace bascule::crypto {
namespace {

constexpr std::string_view kHeader = "bascule-key-1";
constexpr std::string_view kComment =
    "# This file is the only key to the data that Bascule keeps. Without it nothing can be read again, by anybody.\n"
    "# Keep a copy of it in another place, offline. Whoever has it and the data can read everything.\n"
    "# Ce fichier est la seule clef des donn\xC3\xA9" "es que Bascule conserve : gardez-en une copie ailleurs, hors ligne.\n";
constexpr std::string_view kLabel = "bascule/wrap/1";

// A wrapped key: "BKW1", key id (8), root version (4), nonce (12), sealed key (32), tag (16). The first 16 bytes and the
// context are authenticated with it.
constexpr std::string_view kMagic = "BKW1";
constexpr std::size_t kHeadBytes = 16, kNonceBytes = 12;
constexpr std::size_t kWrappedBytes = kHeadBytes + kNonceBytes + SecretKey::kSize + kAeadTagBytes;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { if (fd_ >= 0) ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::unexpected<Error> system_error(const std::string& path, std::string_view doing) {
  const int error = errno;
  const Code code = error == ENOENT                      ? Code::not_found
                    : error == EEXIST                    ? Code::already_exists
                    : error == EACCES || error == EPERM  ? Code::permission_denied
                    : error == ENOSPC || error == EDQUOT ? Code::exhausted
                                                         : Code::internal;
  return fail(code, "key file " + path + ": " + std::string(doing) + ": " + ::strerror(error));
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Whole under its name or not there: written beside it, synced, linked under the name, which fails if that is taken.
Result<void> create_file(const std::string& path, const std::string& text, Random& random) {
  const std::string beside = path + ".new-" + to_hex(random.bytes<8>());
  {
    Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.ok()) return system_error(path, "cannot be created");
    if (::fchmod(file.get(), 0600) != 0 || !write_all(file.get(), text) || ::fsync(file.get()) != 0) {
      auto failure = system_error(path, "cannot be written");
      ::unlink(beside.c_str());
      return failure;
    }
  }
  const bool linked = ::link(beside.c_str(), path.c_str()) == 0 ||
                      // Some file systems have no hard links.
                      (errno != EEXIST && ::renameat2(AT_FDCWD, beside.c_str(), AT_FDCWD, path.c_str(),
                                                      RENAME_NOREPLACE) == 0);
  if (!linked) {
    auto failure = system_error(path, "cannot be created");
    ::unlink(beside.c_str());
    return failure;
  }
  ::unlink(beside.c_str());
  Descriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.ok() || ::fsync(folder.get()) != 0) return system_error(path, "its folder cannot be synced");
  return {};
}

// systemd hands its service a file of root's that an access list opens to the service alone, which the mode shows as the group's.
bool is_credential(const std::string& path) {
  const char* folder = ::secure_getenv("CREDENTIALS_DIRECTORY");
  return folder != nullptr && folder[0] == '/' && path.starts_with(std::string(folder) + "/");
}

Result<std::string> read_file(const std::string& path) {
  const auto ours = [](const struct stat& s) { return s.st_uid == ::geteuid() || s.st_uid == 0; };
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return system_error(path, "cannot be read");
  if (S_ISLNK(info.st_mode) && !ours(info)) {
    return fail(Code::permission_denied, "key file " + path + ": is a symbolic link that another user made");
  }
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.ok() || ::fstat(file.get(), &info) != 0) return system_error(path, "cannot be read");
  if (!S_ISREG(info.st_mode)) return fail(Code::invalid_argument, "key file " + path + ": is not a regular file");
  if (!ours(info)) return fail(Code::permission_denied, "key file " + path + ": belongs to another user");
  if ((info.st_mode & (is_credential(path) && info.st_uid == 0 ? 037 : 077)) != 0) {
    return fail(Code::permission_denied, "key file " + path + ": others than its owner have access; run: chmod 600 " + path);
  }
  std::string text(KeyFile::kMaxFileBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t n = ::read(file.get(), text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(path, "cannot be read");
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (size == text.size()) return fail(Code::corrupt, "key file " + path + ": is too long");
  text.resize(size);
  return text;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const auto space = line.find(' ');
    words.push_back(line.substr(0, space));
    line = space == std::string_view::npos ? std::string_view{} : line.substr(space + 1);
  }
  return words;
}

bool is_lower_hex(std::string_view text, std::size_t length) {
  return text.size() == length && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// "root <version> <created> <base64>"
bool parse_root(const std::vector<std::string_view>& words, KeyFile::Root& root) {
  if (words.size() != 4 || words[1].empty() || words[1][0] == '0') return false;
  const char* const first = words[1].data();
  const char* const end = first + words[1].size();
  if (auto r = std::from_chars(first, end, root.version); r.ec != std::errc{} || r.ptr != end) return false;
  if (!parse_iso8601(words[2])) return false;
  root.created = words[2];
  auto key = from_base64(words[3]);
  if (!key || key->size() != SecretKey::kSize) return false;
  std::memcpy(root.key.writable().data(), key->data(), key->size());
  OPENSSL_cleanse(key->data(), key->size());
  return true;
}

std::string associated(std::string_view head, std::string_view context) {
  std::string aad(head);
  return aad.append(context);
}

}  // namespace

KeyFile::Wrapper::Wrapper(const Root& root) : version(root.version), key(subkey(root.key, kLabel)) {}

KeyFile::KeyFile(std::string id, const std::vector<Root>& roots, Random& random) : id_(std::move(id)), random_(random) {
  for (const Root& root : roots) wrappers_.push_back(std::make_unique<Wrapper>(root));
}

Result<std::unique_ptr<KeyFile>> KeyFile::create(const std::string& path, Random& random, WallTime now) {
  SecretKey key;
  random.fill(key.writable());
  std::string secret = to_base64(key.bytes());
  std::string text;
  text.reserve(1024);
  text.append(kHeader).append("\n").append(kComment);
  text.append("id ").append(to_hex(random.bytes<8>())).append("\n");
  text.append("root 1 ").append(format_iso8601_seconds(now)).append(" ").append(secret).append("\n");
  auto created = create_file(path, text, random);
  auto parsed = created ? parse(text, random) : fail(std::move(created).error());
  OPENSSL_cleanse(text.data(), text.size());
  OPENSSL_cleanse(secret.data(), secret.size());
  return parsed;
}

Result<std::unique_ptr<KeyFile>> KeyFile::load(const std::string& path, Random& random) {
  BASCULE_ASSIGN(std::string text, read_file(path));
  auto parsed = parse(text, random);
  OPENSSL_cleanse(text.data(), text.size());
  if (!parsed) return fail(parsed.error().code, "key file " + path + ": " + parsed.error().message);
  return parsed;
}

Result<std::unique_ptr<KeyFile>> KeyFile::parse(std::string_view text, Random& random) {
  std::string id;
  std::vector<Root> roots;
  std::size_t number = 0;
  const auto wrong = [&number](std::string_view what) {
    return fail(Code::corrupt, "line " + std::to_string(number) + ": " + std::string(what));
  };
  while (!text.empty()) {
    ++number;
    const auto newline = text.find('\n');
    if (newline == std::string_view::npos) return wrong("does not end: the file is cut off");
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline + 1);
    if (number == 1) {
      if (line != kHeader) return wrong("is not \"bascule-key-1\": not a key file of Bascule, or of a later version");
      continue;
    }
    if (line.empty() || line[0] == '#') continue;
    const auto words = words_of(line);
    if (words[0] == "id") {
      if (!id.empty() || words.size() != 2 || !is_lower_hex(words[1], 16)) return wrong("not one id of 16 digits");
      id = words[1];
    } else if (words[0] == "root") {
      Root root;
      if (!parse_root(words, root)) return wrong("not \"root VERSION CREATED KEY\"");
      if (!roots.empty() && root.version <= roots.back().version) return wrong("root versions must ascend");
      if (roots.size() == kMaxRoots) return wrong("too many root keys");
      roots.push_back(std::move(root));
    } else {
      return wrong("begins with a word that this version does not know");
    }
  }
  if (id.empty() || roots.empty()) return wrong("the id or the root key is missing: the file is cut off");
  return std::unique_ptr<KeyFile>(new KeyFile(std::move(id), roots, random));
}

Task<Result<std::string>> KeyFile::wrap(SecretKey key, std::string context) {
  const Wrapper& newest = *wrappers_.back();
  std::string wrapped(kMagic);
  wrapped.reserve(kWrappedBytes);
  wrapped.append(*from_hex(id_));
  append_be32(wrapped, newest.version);
  const std::string aad = associated(wrapped, context);
  const auto nonce = random_.bytes<kNonceBytes>();
  wrapped.append(as_text(nonce));
  wrapped.resize(kWrappedBytes);
  newest.key.seal(nonce, as_bytes(aad), key.bytes(), as_writable(wrapped).subspan(kHeadBytes + kNonceBytes));
  co_return wrapped;
}

Task<Result<SecretKey>> KeyFile::unwrap(std::string wrapped, std::string context) {
  co_return open(as_bytes(wrapped), context);
}

std::uint32_t KeyFile::version_of(std::string_view wrapped) const {
  return wrapped.size() == kWrappedBytes && wrapped.starts_with(kMagic) ? load_be32(wrapped.data() + 12) : 0;
}

Result<SecretKey> KeyFile::open(Bytes wrapped, std::string_view context) const {
  const std::string_view text = as_text(wrapped);
  if (text.size() != kWrappedBytes || !text.starts_with(kMagic)) {
    return fail(Code::corrupt, "a wrapped key is damaged, or was not wrapped by a key file");
  }
  const std::string asked = to_hex(wrapped.subspan(4, 8));
  const std::uint32_t version = load_be32(wrapped.data() + 12);
  if (asked != id_) {
    return fail(Code::permission_denied, "the key file " + id_ + " does not belong to this store, whose keys are wrapped "
                "under key file " + asked + ": give the server that file");
  }
  for (const auto& wrapper : wrappers_) {
    if (wrapper->version != version) continue;
    Nonce nonce;
    std::memcpy(nonce.data(), wrapped.data() + kHeadBytes, nonce.size());
    SecretKey key;
    const std::string aad = associated(text.substr(0, kHeadBytes), context);
    if (!wrapper->key.open(nonce, as_bytes(aad), wrapped.subspan(kHeadBytes + kNonceBytes), key.writable())) {
      return fail(Code::corrupt, "a wrapped key is damaged, was wrapped for another purpose, or the root key in the key "
                  "file " + id_ + " is not the one that wrapped it");
    }
    return key;
  }
  return fail(Code::permission_denied, "the key file " + id_ + " has no root key of version " + std::to_string(version) +
              ", under which this key is wrapped: an older or newer copy of the file has it");
}

}  // namespace bascule::crypto
