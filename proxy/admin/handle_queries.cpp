#include <charconv>

#include "proxy/admin/handlers.hpp"
#include "proxy/admin/json.hpp"

namespace relevo::admin {
namespace {

std::optional<std::uint64_t> parse_id(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> parse_flag(std::string_view text) {
  if (text == "true" || text == "1" || text.empty()) return true;  // "?follow" alone asks for it
  if (text == "false" || text == "0") return false;
  return std::nullopt;
}

}  // namespace

Response get_events(Backend& backend, const Request& request) {
  std::uint64_t since = 0;
  if (const std::string* text = request.find("since"); text != nullptr && !text->empty()) {
    const auto id = parse_id(*text);
    if (!id) return error_response(400, "bad_request", "since must be the id of an event.");
    since = *id;
  }
  bool follow = false;
  if (const std::string* text = request.find("follow")) {
    const auto flag = parse_flag(*text);
    if (!flag) return error_response(400, "bad_request", "follow must be true or false.");
    follow = *flag;
  }
  if (follow) {
    Response response;
    response.content_type = "application/x-ndjson";
    response.follow = Follow{since};
    return response;
  }
  Json json;
  json["events"] = Json::array();
  for (const auto& event : backend.events(since, std::chrono::milliseconds(0))) {
    json["events"].push_back(to_json(event));
  }
  return json_response(json);
}

Response get_explain(Backend& backend, const Request& request) {
  const std::string* sql = request.find("sql");
  if (sql == nullptr || sql->empty()) {
    return error_response(400, "bad_request", "Give the statement to explain as ?sql=.");
  }
  const auto view = requested_view(backend, request);
  if (!view) return view.error();
  Question question;
  question.sql = *sql;
  if (const std::string* text = request.find("database")) question.database = *text;
  if (const std::string* text = request.find("user")) question.user = *text;
  if (const std::string* text = request.find("search_path")) question.search_path = *text;
  const auto explanation = backend.explain((*view)->cluster, question);
  if (!explanation) return error_response(explanation.error());
  return json_response(to_json(*explanation));
}

}  // namespace relevo::admin
