// The admin API's JSON as text for people. Pure, and total over all inputs: a
// member that is missing or of another type than documented shows as "-", so
// that an older relevoctl still serves with a newer Relevo.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "proxy/admin/relevoctl/table.hpp"

namespace relevo::admin {

std::string render_topology(const nlohmann::json& answer, Style style);
std::string render_pools(const nlohmann::json& answer, Style style);
std::string render_clients(const nlohmann::json& answer, Style style);
std::string render_servers(const nlohmann::json& answer, Style style);
std::string render_events(const nlohmann::json& answer, Style style);
std::string render_event(const nlohmann::json& event, Style style);  // one line
std::string render_explanation(const nlohmann::json& answer, Style style);
std::string render_doctor(const nlohmann::json& answer, Style style);
std::string render_message(const nlohmann::json& answer);  // a command's outcome

// Whether every node could be asked, none has an error, and all that --fix ran was done.
bool doctor_is_content(const nlohmann::json& answer);

}  // namespace relevo::admin
