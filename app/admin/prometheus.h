// Prometheus's text exposition format, version 0.0.4.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace bascule::app {

class PrometheusText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // Begins a metric; its samples follow. `type`: counter, gauge, histogram.
  void metric(std::string_view name, std::string_view type, std::string_view help);
  void sample(Labels labels, double value);
  void sample(Labels labels, std::uint64_t value);
  // Bucket counts, not added up; `bound(i)` in seconds for all but the last.
  void histogram(Labels labels, std::span<const std::uint64_t> buckets, double (*bound)(std::size_t), double sum_seconds);
  const std::string& text() const { return text_; }

 private:
  void line(std::string_view suffix, Labels labels, std::string_view extra, std::string_view value);
  std::string name_;
  std::string text_;
};

}  // namespace bascule::app
