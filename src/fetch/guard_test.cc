// Which addresses are public, by name and number; and that a client with the guard connects to none that is not.
#include "fetch/guard.h"

#include <gtest/gtest.h>

#include "fetch/http_remote.h"
#include "runtime/run.h"

namespace bascule::fetch {
namespace {

http::Address address(std::string_view text) { return parse_network(text)->address; }

TEST(Guard, PublicAddresses) {
  for (const char* text : {"1.1.1.1", "8.8.8.8", "20.60.1.2", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
                           "168.63.129.15", "192.167.255.255", "223.255.255.255", "2606:4700::1111", "2a01:111::1",
                           "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"})
    EXPECT_TRUE(is_public(address(text))) << text;
}

TEST(Guard, AddressesThatAreNot) {
  for (const char* text :
       {"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "169.254.169.254",
        "169.254.0.1", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.168.0.1", "198.18.0.1", "198.51.100.1",
        "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::127.0.0.1",
        "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::1", "2002:a9fe:a9fe::1", "2001::1", "2001:db8::1", "3fff::1",
        "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "100::1", "5f00::1", "4000::1"})
    EXPECT_FALSE(is_public(address(text))) << text;
}

TEST(Guard, NetworksThatAnOperatorNames) {
  const auto guard = make_guard({*parse_network("10.1.0.0/16"), *parse_network("fd00::/8"), *parse_network("127.0.0.1")});
  for (const char* text : {"10.1.2.3", "fd12::1", "127.0.0.1", "::ffff:10.1.9.9", "9.9.9.9"}) EXPECT_TRUE(guard(address(text))) << text;
  for (const char* text : {"10.2.0.1", "fe80::1", "127.0.0.2", "::1"}) EXPECT_FALSE(guard(address(text))) << text;
  for (const char* text : {"", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0/8", "fd00::/129", "localhost", "1.2.3.4/"})
    EXPECT_FALSE(parse_network(text)) << text;
  EXPECT_TRUE(parse_network("0.0.0.0/0")->contains(address("9.9.9.9")));
  EXPECT_FALSE(parse_network("0.0.0.0/0")->contains(address("2a01::1")));
}

Error refused(std::string url, bool plain = true) {
  Loop loop;
  const auto remote = make_http_remote({.allow_plain_http = plain, .connect_timeout = std::chrono::seconds(5)}, system_clock());
  auto opened = run(loop, remote->open({.url = std::move(url)}));
  EXPECT_FALSE(opened);
  return opened ? Error{} : opened.error();
}

// Every spelling of this machine's own address: nothing is connected to, whether or not anybody listens there.
TEST(Guard, SpellingsOfLoopback) {
  for (const char* host : {"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "0", "0.0.0.0",
                           "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "169.254.169.254", "2852039166",
                           "[::ffff:a9fe:a9fe]", "[fd00:ec2::254]"}) {
    const Error error = refused(std::string("http://") + host + ":9/secret");
    EXPECT_EQ(error.code, Code::unsupported) << host << ": " << error.message;
    EXPECT_EQ(error.message.find("secret"), std::string::npos);
  }
}

TEST(Guard, PlainHttpNeedsItsSetting) {
  EXPECT_EQ(refused("http://8.8.8.8/", false).code, Code::unsupported);
  EXPECT_EQ(refused("gopher://8.8.8.8/").code, Code::invalid_argument);
  EXPECT_EQ(refused("http://user@8.8.8.8/").code, Code::invalid_argument);
}

}  // namespace
}  // namespace bascule::fetch
