#include "app/admin/prometheus.h"

#include <fmt/format.h>

namespace bascule::app {

void PrometheusText::metric(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void PrometheusText::line(std::string_view suffix, Labels labels, std::string_view extra, std::string_view value) {
  text_ += name_;
  text_ += suffix;
  char separator = '{';
  for (const auto& [key, text] : labels) {
    text_ += separator;
    separator = ',';
    text_.append(key).append("=\"");
    for (const char c : text) {
      if (c == '\\' || c == '"') text_ += '\\';
      if (c == '\n') text_ += "\\n";
      else text_ += c;
    }
    text_ += '"';
  }
  if (!extra.empty()) {
    text_ += separator;
    separator = ',';
    text_ += extra;
  }
  if (separator == ',') text_ += '}';
  text_.append(" ").append(value).append("\n");
}

void PrometheusText::sample(Labels labels, double value) { line("", labels, "", fmt::format("{}", value)); }
void PrometheusText::sample(Labels labels, std::uint64_t value) { line("", labels, "", std::to_string(value)); }

void PrometheusText::histogram(Labels labels, std::span<const std::uint64_t> buckets, double (*bound)(std::size_t),
                               double sum_seconds) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    sum += buckets[i];
    const std::string le = i + 1 == buckets.size() ? "le=\"+Inf\"" : fmt::format("le=\"{}\"", bound(i));
    line("_bucket", labels, le, std::to_string(sum));
  }
  line("_sum", labels, "", fmt::format("{}", sum_seconds));
  line("_count", labels, "", std::to_string(sum));
}

}  // namespace bascule::app
