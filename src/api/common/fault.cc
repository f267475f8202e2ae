#include "api/common/fault.h"

namespace bascule::api {

std::unexpected<Problem> bad_header(std::string_view name, std::string_view value) {
  return refuse({Fault::invalid_header_value, {{"HeaderName", std::string(name)}, {"HeaderValue", std::string(value)}}});
}
std::unexpected<Problem> missing_header(std::string_view name) {
  return refuse({Fault::missing_required_header, {{"HeaderName", std::string(name)}}});
}
std::unexpected<Problem> bad_query(std::string_view name, std::string_view value, std::string_view reason) {
  return refuse({Fault::invalid_query_parameter_value,
                 {{"QueryParameterName", std::string(name)},
                  {"QueryParameterValue", std::string(value)},
                  {"Reason", std::string(reason)}}});
}
std::unexpected<Problem> bad_xml() {
  return refuse({Fault::invalid_xml_document, {{"LineNumber", "0"}, {"LinePosition", "0"}, {"Reason", ""}}});
}

}  // namespace bascule::api
