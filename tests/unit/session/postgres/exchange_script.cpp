#include "tests/unit/session/postgres/exchange_script.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

#include "proxy/wire/postgres/frame.hpp"

namespace relevo::session::postgres {
namespace {

namespace wire = relevo::wire::postgres;

constexpr std::string_view blanks = " \t";

std::string_view trim(std::string_view text) {
  const auto from = text.find_first_not_of(blanks);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

// Takes a word off the front.
std::string_view word(std::string_view& text) {
  text = trim(text);
  const auto end = std::min(text.find_first_of(blanks), text.size());
  const std::string_view first = text.substr(0, end);
  text = trim(text.substr(end));
  return first;
}

void append(std::string& list, std::string_view item, std::string_view separator = " ") {
  if (!list.empty()) list += separator;
  list += item;
}

std::string differs(std::string_view is, std::string_view wanted) {
  if (is == wanted) return {};
  return "is \"" + std::string(is) + "\"";
}

std::string_view name_of(route::EffectKind kind) {
  using route::EffectKind;
  switch (kind) {
    case EffectKind::set:
      return "set";
    case EffectKind::set_role:
      return "set_role";
    case EffectKind::reset:
      return "reset";
    case EffectKind::reset_all:
      return "reset_all";
    case EffectKind::discard_all:
      return "discard_all";
    case EffectKind::temp_object:
      return "temp_object";
    case EffectKind::advisory_lock:
      return "advisory_lock";
    case EffectKind::advisory_unlock_all:
      return "advisory_unlock_all";
    case EffectKind::hold_cursor:
      return "hold_cursor";
    case EffectKind::listen:
      return "listen";
    case EffectKind::unlisten:
      return "unlisten";
    case EffectKind::sql_prepare:
      return "sql_prepare";
    case EffectKind::sql_deallocate:
      return "sql_deallocate";
    case EffectKind::load:
      return "load";
    case EffectKind::unknown:
      return "unknown";
    default:
      return "another";
  }
}

}  // namespace

std::string to_string(const OwnedEffect& effect) {
  std::string text(name_of(effect.kind));
  if (!effect.name.empty()) text += ' ' + effect.name;
  if (!effect.value.empty()) text += '=' + effect.value;
  return text;
}

std::string to_string(const Verdict& verdict) {
  std::string words;
  if (verdict.violation) append(words, "violation");
  if (verdict.forward) append(words, "forward");
  if (verdict.ready) append(words, "ready");
  if (verdict.failed) append(words, "failed");
  if (verdict.for_proxy) append(words, "own");
  return words;
}

testing::AssertionResult ExchangeScript::play(std::string_view script) {
  std::istringstream lines{std::string(script)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const std::string_view text = trim(line);
    if (text.empty()) continue;
    const std::string wrong = step(text);
    if (!wrong.empty()) {
      return testing::AssertionFailure() << "line " << number << ": " << text << ": " << wrong;
    }
  }
  return testing::AssertionSuccess();
}

std::string ExchangeScript::step(std::string_view line) {
  const std::string_view verb = word(line);
  if (verb == "send") return send(line, Audience::client);
  if (verb == "own-send") return send(line, Audience::proxy);
  if (verb == "recv") return receive(line);
  if (verb == "due") return differs(take_due(), line);
  if (verb == "state") return check_state(line);
  if (verb == "committed") return differs(take_committed(), line);
  if (verb == "unprepared") return differs(list(exchange_.take_unprepared()), line);
  if (verb == "unclosed") return differs(list(exchange_.take_unclosed()), line);
  if (verb == "unclear") return differs(exchange_.effects().take_unclear() ? "yes" : "no", line);
  return "no such step";
}

const route::Analysis* ExchangeScript::analysis(std::string_view sql) {
  if (sql == "?") return nullptr;
  texts_.emplace_back(sql);
  return &analyses_.emplace_back(route::analyze_postgres(texts_.back(), {}));
}

Prepared ExchangeScript::statement(std::string_view id) const {
  if (id.empty()) return nullptr;
  return std::make_shared<const PreparedStatement>(std::stoull(std::string(id)), "SELECT 1",
                                                   std::string_view("\0\0", 2), route::Dialect{});
}

std::string ExchangeScript::send(std::string_view what, Audience audience) {
  const std::string_view kind = word(what);
  if (kind == "query") {
    exchange_.expect_query(audience, audience == Audience::client ? analysis(what) : nullptr);
  } else if (kind == "big-query") {
    exchange_.expect_query(audience, nullptr);
  } else if (kind == "function") {
    exchange_.expect_function_call();
  } else if (kind == "parse") {
    exchange_.expect_parse(audience, statement(what));
  } else if (kind == "bind") {
    exchange_.expect_bind();
  } else if (kind == "describe") {
    exchange_.expect_describe();
  } else if (kind == "close") {
    exchange_.expect_close(audience, what.empty() ? 0 : std::stoull(std::string(what)));
  } else if (kind == "execute") {
    exchange_.expect_execute(analysis(what));
  } else if (kind == "sync") {
    exchange_.expect_sync();
  } else if (kind == "copy-end") {
    exchange_.copy_ended();
  } else if (kind == "local" && what == "parse") {
    exchange_.answer_locally(Expected::local_parse_complete);
  } else if (kind == "local" && what == "close") {
    exchange_.answer_locally(Expected::local_close_complete);
  } else if (kind == "local" && what == "deallocate") {
    exchange_.answer_locally(Expected::local_deallocate);
  } else {
    return "no such message";
  }
  return {};
}

std::string ExchangeScript::receive(std::string_view what) {
  if (exchange_.has_due()) return "answers of our own are due first";
  const auto arrow = what.find("->");
  if (arrow == std::string_view::npos) return "no verdict";
  const std::string_view wanted = trim(what.substr(arrow + 2));
  what = what.substr(0, arrow);
  const auto type = static_cast<wire::Backend>(word(what)[0]);
  std::string body(trim(what));
  if (type == wire::Backend::command_complete) body += '\0';
  return differs(to_string(exchange_.on_message(type, wire::as_bytes(body))), wanted);
}

std::string ExchangeScript::check_state(std::string_view words) {
  while (!words.empty()) {
    const std::string_view wanted = word(words);
    bool holds = false;
    if (wanted == "owed") {
      holds = std::to_string(exchange_.owed_answers()) == word(words);
    } else if (wanted == "idle" || wanted == "busy") {
      holds = exchange_.idle() == (wanted == "idle");
    } else if (wanted == "at-rest" || wanted == "unsynced") {
      holds = exchange_.at_rest() == (wanted == "at-rest");
    } else if (wanted == "certain" || wanted == "uncertain") {
      holds = exchange_.uncertain() == (wanted == "uncertain");
    } else if (wanted == "open" || wanted == "settled") {
      holds = exchange_.outcome_open() == (wanted == "open");
    } else if (wanted == "done-once" || wanted == "repeatable") {
      holds = exchange_.committed() == (wanted == "done-once");
    } else if (wanted == "copying" || wanted == "not-copying") {
      holds = exchange_.copy_in() == (wanted == "copying");
    } else if (wanted == "skipping" || wanted == "not-skipping") {
      holds = exchange_.skipping_to_sync() == (wanted == "skipping");
    } else if (wanted.size() == 1) {
      holds = static_cast<char>(exchange_.status()) == wanted[0];
    }
    if (!holds) return "not so: " + std::string(wanted);
  }
  return {};
}

// Type bytes; a ReadyForQuery with its status, a CommandComplete with its tag.
std::string ExchangeScript::take_due() {
  std::string bytes;
  exchange_.append_due(bytes);
  if (exchange_.has_due()) return "still due";
  std::string types;
  for (std::string_view left = bytes; !left.empty();) {
    const auto header = wire::read_header(wire::as_bytes(left));
    if (!header || left.size() < header->total_bytes()) return "not a message";
    std::string one(1, static_cast<char>(header->type));
    const std::string_view body = left.substr(wire::limits::header_bytes, header->body_bytes);
    if (!body.empty()) one += ':' + std::string(body.substr(0, body.find('\0')));
    append(types, one);
    left.remove_prefix(header->total_bytes());
  }
  return types;
}

std::string ExchangeScript::take_committed() {
  std::string list;
  for (const OwnedEffect& effect : exchange_.effects().take_committed()) {
    append(list, to_string(effect), "; ");
  }
  return list;
}

std::string ExchangeScript::list(const std::vector<std::uint64_t>& ids) {
  std::string text;
  for (const std::uint64_t id : ids) append(text, std::to_string(id));
  return text;
}

}  // namespace relevo::session::postgres
