// The configuration in the words of the modules that may not know it.
#pragma once

#include <spdlog/common.h>

#include "failover/act/settings.hpp"
#include "proxy/admin/server.hpp"
#include "proxy/config/config.hpp"
#include "proxy/route/statement.hpp"
#include "topology/model/view.hpp"

namespace relevo {

act::ControllerSettings controller_settings(const config::Cluster& cluster,
                                            const std::string& state_dir);
spdlog::level::level_enum log_level(config::LogLevel level);
admin::AdminSettings admin_settings(const config::Admin& admin);
// How the cluster's servers read executable comments: as the primary does, or
// whoever was seen.
route::MysqlDialect mysql_dialect(const model::View& view);

}  // namespace relevo
