#include "app/admin/request_metrics.h"

#include <gtest/gtest.h>

#include <thread>

#include "app/admin/prometheus.h"

namespace bascule::app {
namespace {

Op op_of(std::string_view method, std::string_view query, bool copy = false) {
  http::Request request;
  request.method = method;
  request.query = query;
  if (copy) request.headers.push_back({"x-ms-copy-source", "https://…"});
  return classify(request);
}

TEST(Classify, NamesOperations) {
  EXPECT_EQ(op_of("GET", ""), Op::get_blob);
  EXPECT_EQ(op_of("HEAD", ""), Op::head_blob);
  EXPECT_EQ(op_of("PUT", ""), Op::put_blob);
  EXPECT_EQ(op_of("PUT", "", true), Op::copy_blob);
  EXPECT_EQ(op_of("PUT", "comp=block&blockid=AA"), Op::put_block);
  EXPECT_EQ(op_of("PUT", "comp=blocklist"), Op::put_block_list);
  EXPECT_EQ(op_of("GET", "blocklisttype=all&comp=blocklist"), Op::get_block_list);
  EXPECT_EQ(op_of("GET", "comp=list"), Op::list_containers);
  EXPECT_EQ(op_of("GET", "restype=container&comp=list&prefix=a"), Op::list_blobs);
  EXPECT_EQ(op_of("PUT", "restype=container"), Op::create_container);
  EXPECT_EQ(op_of("DELETE", "restype=container"), Op::delete_container);
  EXPECT_EQ(op_of("PUT", "comp=lease"), Op::lease_blob);
  EXPECT_EQ(op_of("GET", "sv=2020-08-04&sig=x"), Op::get_blob);
  EXPECT_EQ(op_of("PATCH", "comp=strange"), Op::other);
}

TEST(RequestMetrics, AddsUpOverThreads) {
  RequestMetrics metrics;
  const auto work = [&] {
    for (int i = 0; i < 1000; ++i)
      metrics.add({.op = Op::get_blob, .status = 200, .body_out = 10, .took = std::chrono::microseconds(100)});
    metrics.add({.op = Op::get_blob, .status = 200, .cut = true});
    metrics.add({.op = Op::put_blob, .status = 503, .took = std::chrono::hours(1)});
  };
  std::thread a(work), b(work);
  a.join();
  b.join();
  const auto totals = metrics.totals();
  const auto& get = totals[static_cast<std::size_t>(Op::get_blob)];
  EXPECT_EQ(get.by_class[2], 2000u);
  EXPECT_EQ(get.by_class[0], 2u);
  EXPECT_EQ(get.body_out, 20'000u);
  EXPECT_EQ(get.took[1], 2000u);  // 64 to 128 us
  EXPECT_EQ(get.took[0], 2u);
  const auto& put = totals[static_cast<std::size_t>(Op::put_blob)];
  EXPECT_EQ(put.by_class[5], 2u);
  EXPECT_EQ(put.busy, 2u);
  EXPECT_EQ(put.took.back(), 2u);
}

TEST(Prometheus, Text) {
  PrometheusText out;
  out.metric("a_total", "counter", "Help.");
  out.sample({{"k", "with \"quotes\" and \\"}}, std::uint64_t{3});
  out.metric("h_seconds", "histogram", "Help.");
  const std::uint64_t buckets[] = {1, 2, 3};
  out.histogram({}, buckets, [](std::size_t i) { return 0.5 * static_cast<double>(i + 1); }, 1.5);
  EXPECT_EQ(out.text(),
            "# HELP a_total Help.\n# TYPE a_total counter\na_total{k=\"with \\\"quotes\\\" and \\\\\"} 3\n"
            "# HELP h_seconds Help.\n# TYPE h_seconds histogram\n"
            "h_seconds_bucket{le=\"0.5\"} 1\nh_seconds_bucket{le=\"1\"} 3\nh_seconds_bucket{le=\"+Inf\"} 6\n"
            "h_seconds_sum 1.5\nh_seconds_count 6\n");
}

}  // namespace
}  // namespace bascule::app
