#include "topology/model/diagnosis.hpp"

namespace relevo::model {

std::string_view to_string(Gravity gravity) {
  switch (gravity) {
    case Gravity::note:
      return "note";
    case Gravity::warning:
      return "warning";
    case Gravity::error:
      return "error";
  }
  return "note";
}

std::string_view to_string(TakesEffect effect) {
  switch (effect) {
    case TakesEffect::at_once:
      return "at once";
    case TakesEffect::reload:
      return "reload";
    case TakesEffect::restart:
      return "restart";
    case TakesEffect::by_hand:
      return "by hand";
  }
  return "by hand";
}

}  // namespace relevo::model
