#include "proxy/config/json_text.hpp"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

namespace relevo::config {
namespace {

constexpr std::size_t quoted_bytes_max = 64;

std::string at_line_and_column(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t start = before.rfind('\n');
  const std::size_t column =
      start == std::string_view::npos ? before.size() + 1 : before.size() - start;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

// The library's sentence without its tag, its own place, and the text it last read.
std::string reason_of(std::string_view what) {
  if (const auto tag = what.find("] "); tag != std::string_view::npos) what.remove_prefix(tag + 2);
  if (const auto column = what.find(", column "); column != std::string_view::npos)
    if (const auto colon = what.find(": ", column); colon != std::string_view::npos)
      what.remove_prefix(colon + 2);
  return std::string(what.substr(0, what.find("; last read: ")));
}

// Builds the tree from the library's events. Containers that are open form a stack
// of pointers into it: a pointer stays valid because its siblings come only after
// it has been closed.
class Builder {
 public:
  explicit Builder(std::string_view text) : text_(text) {}

  bool null() { return leaf(nullptr); }
  bool boolean(bool value) { return leaf(value); }
  bool number_integer(Json::number_integer_t value) { return leaf(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return leaf(value); }
  bool number_float(Json::number_float_t value, const std::string&) { return leaf(value); }
  bool string(std::string& value) { return leaf(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }  // JSON text has none
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    Open& object = open_.back();
    object.key = name;
    object.repeated = !object.keys.insert(name).second;
    if (object.repeated)
      duplicates_.push_back({path_of_key(object.path, name), "this key is given twice"});
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const Json::exception& error) {
    // The library counts the bytes that it has read, the offending one included.
    fail(position == 0 ? 0 : position - 1, reason_of(error.what()));
    return false;
  }

  const std::string& problem() const { return problem_; }
  JsonText take() { return {std::move(root_), std::move(duplicates_)}; }

 private:
  struct Open {
    Json* value;
    std::string path;
    std::set<std::string> keys;  // of an object, so far
    std::string key;             // of an object, whose value comes next
    bool repeated = false;       // that key was there before
  };

  bool leaf(Json value) {
    place(std::move(value));
    return true;
  }

  bool open(Json empty) {
    if (open_.size() == max_nesting_depth) {
      problem_ = "nested deeper than " + std::to_string(max_nesting_depth) + " levels";
      return false;
    }
    std::string path = next_path();
    Json* placed = place(std::move(empty));
    open_.push_back({placed, std::move(path), {}, {}});
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string next_path() const {
    if (open_.empty()) return "$";
    const Open& parent = open_.back();
    if (parent.value->is_array()) return path_of_index(parent.path, parent.value->size());
    return path_of_key(parent.path, parent.key);
  }

  Json* place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Open& parent = open_.back();
    if (parent.value->is_array()) {
      parent.value->push_back(std::move(value));
      return &parent.value->back();
    }
    if (parent.repeated) {  // parsed on, so that its own duplicates are seen, but not kept
      return &dropped_.emplace_back(std::move(value));
    }
    return &((*parent.value)[parent.key] = std::move(value));
  }

  void fail(std::size_t offset, const std::string& reason) {
    problem_ = at_line_and_column(text_, offset) + ": " + reason;
  }

  std::string_view text_;
  Json root_;
  std::deque<Json> dropped_;  // values of repeated keys; open ones are pointed to
  std::vector<Open> open_;
  std::vector<Problem> duplicates_;
  std::string problem_;
};

bool is_plain_word(std::string_view key) {
  return !key.empty() && key.size() <= quoted_bytes_max &&
         std::all_of(key.begin(), key.end(), [](char c) {
           return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                  (c >= 'A' && c <= 'Z');
         });
}

}  // namespace

std::string path_of_key(const std::string& parent, std::string_view key) {
  if (is_plain_word(key)) return parent + "." + std::string(key);
  return parent + "[" + in_quotes(key) + "]";
}

std::string path_of_index(const std::string& parent, std::size_t index) {
  return parent + "[" + std::to_string(index) + "]";
}

std::string in_quotes(std::string_view text) {
  const bool cut = text.size() > quoted_bytes_max;
  // The replacing handler covers a character that the cut went through.
  std::string shown = Json(std::string(text.substr(0, quoted_bytes_max)))
                          .dump(-1, ' ', false, Json::error_handler_t::replace);
  if (cut) shown.insert(shown.size() - 1, "...");
  return shown;
}

tl::expected<JsonText, Problem> read_json(std::string_view text) {
  const auto refuse = [](std::string message) {
    return tl::make_unexpected(Problem{"$", std::move(message)});
  };
  if (text.size() > max_file_bytes)
    return refuse("the configuration is longer than " + std::to_string(max_file_bytes) + " bytes");
  if (const auto zero = text.find('\0'); zero != std::string_view::npos)
    return refuse(at_line_and_column(text, zero) + ": a byte of zero");

  Builder builder(text);
  const bool done = Json::sax_parse(text.begin(), text.end(), &builder,
                                    nlohmann::detail::input_format_t::json, /*strict=*/true,
                                    /*ignore_comments=*/true);
  if (!done) return refuse(builder.problem());
  return builder.take();
}

}  // namespace relevo::config
