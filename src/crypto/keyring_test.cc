#include "crypto/keyring.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "crypto/key_file.h"
#include "crypto/test_support.h"

namespace bascule::crypto {
namespace {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/bascule-key-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() { (void)!std::system(("rm -rf " + path_).c_str()); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

struct Setting {
  Loop loop;
  CountingRandom random;
  FixedClock clock;
  MapProvider provider;
  Folder folder;
  std::unique_ptr<KeyFile> holder = KeyFile::create(folder.file("key"), random, clock.wall()).value();

  Result<std::unique_ptr<Keyring>> open(Keyring::IfMissing if_missing, KeyHolder* with = nullptr) {
    const Keyring::Parts parts{provider, with ? *with : *holder, random, clock};
    return run(loop, Keyring::open_or_create(parts, if_missing));
  }
};

template <class T> Code code_of(const Result<T>& r) { return r ? Code::internal : r.error().code; }

TEST(KeyFile, IsMadePrivateAndOnlyOnce) {
  Setting s;
  struct stat info {};
  ASSERT_EQ(::stat(s.folder.file("key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_EQ(info.st_nlink, 1u);
  EXPECT_EQ(code_of(KeyFile::create(s.folder.file("key"), s.random, s.clock.wall())), Code::already_exists);
  auto again = KeyFile::load(s.folder.file("key"), s.random);
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->id(), s.holder->id());
  const auto wrapped = run(s.loop, s.holder->wrap(SecretKey(), "what for"));
  EXPECT_TRUE(run(s.loop, (*again)->unwrap(*wrapped, "what for")));
  EXPECT_EQ(code_of(run(s.loop, (*again)->unwrap(*wrapped, "what else"))), Code::corrupt);
  EXPECT_NE(*wrapped, *run(s.loop, s.holder->wrap(SecretKey(), "what for")));
}

TEST(KeyFile, RefusesWhatOthersCanRead) {
  Setting s;
  const std::string path = s.folder.file("key");
  for (mode_t mode : {0640u, 0604u, 0620u, 0601u}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    EXPECT_EQ(code_of(KeyFile::load(path, s.random)), Code::permission_denied) << mode;
  }
  ASSERT_EQ(::chmod(path.c_str(), 0400), 0);
  EXPECT_TRUE(KeyFile::load(path, s.random));
  ASSERT_EQ(::symlink(path.c_str(), s.folder.file("link").c_str()), 0);
  EXPECT_TRUE(KeyFile::load(s.folder.file("link"), s.random));
  if (::geteuid() == 0) {
    ASSERT_EQ(::lchown(s.folder.file("link").c_str(), 12345, 12345), 0);
    EXPECT_EQ(code_of(KeyFile::load(s.folder.file("link"), s.random)), Code::permission_denied);
    ASSERT_EQ(::chown(path.c_str(), 12345, 12345), 0);
    EXPECT_EQ(code_of(KeyFile::load(path, s.random)), Code::permission_denied);
  }
  EXPECT_EQ(code_of(KeyFile::load(s.folder.file("none"), s.random)), Code::not_found);
  EXPECT_EQ(code_of(KeyFile::load(s.folder.file(""), s.random)), Code::invalid_argument);
}

TEST(KeyFile, AnErrorNamesTheLineAndNeverTheKey) {
  CountingRandom random;
  const std::string text = "bascule-key-1\nid 0011223344556677\nroot 1 2026-11-22T12:00:00Z c2VjcmV0\n";
  const auto r = KeyFile::parse(text, random);
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().message.find("line 3"), std::string::npos);
  EXPECT_EQ(r.error().message.find("c2VjcmV0"), std::string::npos);
}

TEST(Keyring, IsMadeOnlyWhereAskedForAndReadAgain) {
  Setting s;
  EXPECT_EQ(code_of(s.open(Keyring::IfMissing::refuse)), Code::not_found);
  EXPECT_TRUE(s.provider.objects.empty());
  auto first = s.open(Keyring::IfMissing::create);
  ASSERT_TRUE(first);
  auto second = s.open(Keyring::IfMissing::create);
  ASSERT_TRUE(second);
  EXPECT_TRUE((*first)->catalog_key().equals((*second)->catalog_key()));
  EXPECT_TRUE((*first)->name_key().equals((*second)->name_key()));
  EXPECT_FALSE((*first)->catalog_key().equals((*first)->name_key()));
  EXPECT_EQ(s.provider.objects.size(), 1u);
}

TEST(Keyring, AForeignKeyFileIsRefusedAndChangesNothing) {
  Setting s;
  ASSERT_TRUE(s.open(Keyring::IfMissing::create));
  const auto before = s.provider.objects;
  auto other = KeyFile::create(s.folder.file("other"), s.random, s.clock.wall()).value();
  const auto r = s.open(Keyring::IfMissing::create, other.get());
  EXPECT_EQ(code_of(r), Code::permission_denied);
  EXPECT_NE(r.error().message.find("does not belong to this store"), std::string::npos);
  EXPECT_EQ(s.provider.objects, before);
}

TEST(Keyring, ALostRootIsNotPaperedOver) {
  Setting s;
  auto ring = s.open(Keyring::IfMissing::create).value();
  ASSERT_TRUE(run(s.loop, ring->create_container_key(9)));
  s.provider.objects.erase("keyring-root");
  EXPECT_EQ(code_of(s.open(Keyring::IfMissing::create)), Code::corrupt);
  EXPECT_EQ(s.provider.objects.size(), 1u);
}

TEST(Keyring, ContainerKeysAreMadeFoundAndDestroyed) {
  Setting s;
  auto ring = s.open(Keyring::IfMissing::create).value();
  EXPECT_EQ(code_of(run(s.loop, ring->container_key(1))), Code::not_found);
  auto made = run(s.loop, ring->create_container_key(1));
  ASSERT_TRUE(made);
  EXPECT_EQ(ring->cached(1), *made);
  EXPECT_EQ(code_of(run(s.loop, ring->create_container_key(1))), Code::already_exists);
  ASSERT_TRUE(run(s.loop, ring->create_container_key(2)));
  auto reopened = s.open(Keyring::IfMissing::refuse).value();
  EXPECT_EQ(reopened->cached(1), nullptr);
  auto read = run(s.loop, reopened->container_key(1));
  ASSERT_TRUE(read);
  const auto commitment = [](const InputKey& key) { return PieceCipher::derive(key, Salt{}, {}).commitment(); };
  EXPECT_EQ(commitment(**read), commitment(**made));
  EXPECT_NE(commitment(**read), commitment(*ring->cached(2)));

  const std::string object = s.provider.objects[ring->object_name(1)];
  ASSERT_TRUE(run(s.loop, ring->destroy_container_key(1)));
  EXPECT_FALSE(s.provider.objects.contains(ring->object_name(1)));
  EXPECT_EQ(ring->cached(1), nullptr);
  EXPECT_EQ(code_of(run(s.loop, ring->container_key(1))), Code::not_found);
  s.provider.objects[ring->object_name(1)] = object;  // a read that began before the removal must not bring it back
  EXPECT_EQ(code_of(run(s.loop, ring->container_key(1))), Code::not_found);
  ASSERT_TRUE(run(s.loop, ring->destroy_container_key(1)));
}

TEST(Keyring, AFailedPutMakesNoKey) {
  Setting s;
  auto ring = s.open(Keyring::IfMissing::create).value();
  Error timeout{Code::timeout, 0, "slow"};
  s.provider.failure = &timeout;
  EXPECT_EQ(code_of(run(s.loop, ring->create_container_key(5))), Code::timeout);
  EXPECT_EQ(ring->cached(5), nullptr);
  s.provider.failure = nullptr;  // it had arrived all the same
  EXPECT_EQ(code_of(run(s.loop, ring->create_container_key(5))), Code::already_exists);
  EXPECT_TRUE(run(s.loop, ring->container_key(5)));
}

TEST(Keyring, TheCacheIsBounded) {
  Setting s;
  auto ring = s.open(Keyring::IfMissing::create).value();
  std::size_t cached = 0;
  const std::uint64_t many = Keyring::kMostCached + 2000;
  for (std::uint64_t id = 1; id <= many; ++id) ASSERT_TRUE(run(s.loop, ring->create_container_key(id)));
  for (std::uint64_t id = 1; id <= many; ++id) cached += ring->cached(id) != nullptr;
  EXPECT_LE(cached, Keyring::kMostCached);
  EXPECT_GE(cached, Keyring::kMostCached / 2);
  EXPECT_TRUE(run(s.loop, ring->container_key(1)));
}

}  // namespace
}  // namespace bascule::crypto
