#include "topology/model/gtid_set.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "topology/model/check.hpp"

namespace relevo::model {
namespace {

// GNO_END in sql/rpl_gtid.h: numbers are below it.
constexpr std::uint64_t number_end = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t tag_length_max = 32;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// The part before `stop`; the rest stays in `text`, nullopt when there is none.
std::string_view take_part(std::optional<std::string_view>& text, char stop) {
  const auto end = text->find(stop);
  const std::string_view part = text->substr(0, end);
  if (end == std::string_view::npos) {
    text.reset();
  } else {
    text = text->substr(end + 1);
  }
  return trimmed(part);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) { return lower(c); });
  return result;
}

bool is_uuid(std::string_view text) {
  constexpr std::size_t length = 36;
  if (text.size() != length) return false;
  for (std::size_t i = 0; i < length; ++i) {
    const char c = lower(text[i]);
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > tag_length_max) return false;
  if (text[0] >= '0' && text[0] <= '9') return false;
  return std::all_of(text.begin(), text.end(), [](char raw) {
    const char c = lower(raw);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (value == 0 || value >= number_end) return std::nullopt;
  return value;
}

}  // namespace

// ---- Text --------------------------------------------------------------------

std::optional<GtidSet::Interval> GtidSet::parse_interval(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_number(trimmed(text.substr(0, dash)));
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return Interval{*first, *first};
  const auto last = parse_number(trimmed(text.substr(dash + 1)));
  if (!last || *last < *first) return std::nullopt;
  return Interval{*first, *last};
}

// "uuid:1-3:11:tag:5": intervals belong to the tag named last before them.
bool GtidSet::parse_origin(std::string_view text) {
  std::optional<std::string_view> rest = text;
  const std::string_view uuid = take_part(rest, ':');
  if (!is_uuid(uuid) || !rest) return false;
  Origin origin{lower(uuid), ""};
  bool awaits_interval = true;
  while (rest) {
    const std::string_view part = take_part(rest, ':');
    if (is_tag(part)) {
      if (awaits_interval && !origin.second.empty()) return false;
      origin.second = lower(part);
      awaits_interval = true;
      continue;
    }
    const auto interval = parse_interval(part);
    if (!interval) return false;
    Intervals& intervals = origins_[origin];
    intervals = merged(std::move(intervals), {*interval});
    awaits_interval = false;
  }
  return !awaits_interval;
}

std::optional<GtidSet> GtidSet::parse(std::string_view text) {
  GtidSet set;
  if (trimmed(text).empty()) return set;
  std::optional<std::string_view> rest = text;
  while (rest) {
    if (!set.parse_origin(take_part(rest, ','))) return std::nullopt;
  }
  return set;
}

std::string GtidSet::to_string() const {
  std::string text;
  const std::string* uuid = nullptr;
  for (const auto& [origin, intervals] : origins_) {
    if (uuid == nullptr || *uuid != origin.first) {
      text += (text.empty() ? "" : ",") + origin.first;
      uuid = &origin.first;
    }
    if (!origin.second.empty()) text += ":" + origin.second;
    for (const Interval& interval : intervals) {
      text += ":" + std::to_string(interval.first);
      if (interval.last != interval.first) text += "-" + std::to_string(interval.last);
    }
  }
  return text;
}

// ---- Arithmetic ----------------------------------------------------------------

std::uint64_t GtidSet::count() const {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t total = 0;
  for (const auto& [origin, intervals] : origins_) {
    for (const Interval& interval : intervals) {
      const std::uint64_t size = interval.last - interval.first + 1;
      if (size > most - total) return most;
      total += size;
    }
  }
  return total;
}

GtidSet::Intervals GtidSet::merged(Intervals left, const Intervals& right) {
  left.insert(left.end(), right.begin(), right.end());
  std::sort(left.begin(), left.end(),
            [](const Interval& a, const Interval& b) { return a.first < b.first; });
  Intervals result;
  for (const Interval& interval : left) {
    if (!result.empty() && interval.first <= result.back().last + 1) {
      result.back().last = std::max(result.back().last, interval.last);
    } else {
      result.push_back(interval);
    }
  }
  return result;
}

GtidSet::Intervals GtidSet::difference(const Intervals& left, const Intervals& right) {
  Intervals result;
  auto hole = right.begin();
  for (Interval rest : left) {
    while (hole != right.end() && hole->last < rest.first) ++hole;
    bool consumed = false;
    // A hole may reach into the next interval of `left`: it is not stepped over.
    for (auto next = hole; next != right.end() && next->first <= rest.last; ++next) {
      if (next->first > rest.first) result.push_back({rest.first, next->first - 1});
      if (next->last >= rest.last) {
        consumed = true;
        break;
      }
      rest.first = next->last + 1;
    }
    if (!consumed) result.push_back(rest);
  }
  return result;
}

bool GtidSet::covers(const GtidSet& other) const {
  return std::all_of(other.origins_.begin(), other.origins_.end(), [&](const auto& theirs) {
    const auto mine = origins_.find(theirs.first);
    return mine != origins_.end() && difference(theirs.second, mine->second).empty();
  });
}

void GtidSet::add(const GtidSet& other) {
  for (const auto& [origin, intervals] : other.origins_) {
    Intervals& mine = origins_[origin];
    mine = merged(std::move(mine), intervals);
    RELEVO_CHECK(!mine.empty());
  }
}

GtidSet GtidSet::minus(const GtidSet& other) const {
  GtidSet result;
  for (const auto& [origin, intervals] : origins_) {
    const auto theirs = other.origins_.find(origin);
    Intervals left =
        theirs == other.origins_.end() ? intervals : difference(intervals, theirs->second);
    if (!left.empty()) result.origins_.emplace(origin, std::move(left));
  }
  return result;
}

}  // namespace relevo::model
