#include "proxy/config/place.hpp"

#include "proxy/config/nearest.hpp"

namespace relevo::config {
namespace {

std::string_view type_in_words(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "an array";
    case Json::value_t::string:
      return "a string";
    case Json::value_t::boolean:
      return value.get<bool>() ? "true" : "false";
    case Json::value_t::null:
      return "null";
    case Json::value_t::number_float:
      return "a number with a fraction or out of all range";
    default:
      return "a number";
  }
}

}  // namespace

std::nullopt_t Place::expected(std::string_view what, const Json& found) const {
  return refuse("expected " + std::string(what) + ", found " + std::string(type_in_words(found)));
}

void refuse_unknown_key(const Place& place, const std::string& key,
                        const std::vector<std::string>& known) {
  place.key(key).refuse("unknown key; the nearest known one is " + in_quotes(nearest(key, known)));
}

}  // namespace relevo::config
