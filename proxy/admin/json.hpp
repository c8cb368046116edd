// The rows and views as the JSON of the public interface. Names and shapes here
// are promised to users: fields are added, never renamed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "proxy/admin/backend.hpp"
#include "proxy/admin/http.hpp"

namespace relevo::admin {

using Json = nlohmann::ordered_json;  // fields in the order in which they are documented

// One element of "clusters". Traffic may know fewer nodes than the view.
Json to_json(const model::View& view, const session::Traffic& traffic);
Json to_json(const session::PoolRow& row);
Json to_json(const session::ClientRow& row);
Json to_json(const session::ServerRow& row);
Json to_json(const model::Event& event);
Json to_json(const Explanation& explanation);
Json to_json(const model::Diagnosis& diagnosis);

// One line, without a line feed. Bytes that are not UTF-8 (an application_name
// can be anything) are replaced by U+FFFD rather than refused.
std::string dump(const Json& json);

Response json_response(const Json& json);

}  // namespace relevo::admin
