// The handlers by topic. Each is a pure function of the request and of what the
// Backend answers; none knows about sockets, threads or HTTP's wire format.
#pragma once

#include "proxy/admin/backend.hpp"
#include "proxy/admin/http.hpp"
#include "topology/model/result.hpp"

namespace relevo::admin {

// topology and what is connected (handle_topology.cpp)
Response get_topology(Backend&, const Request&);
Response get_pools(Backend&, const Request&);
Response get_clients(Backend&, const Request&);
Response get_servers(Backend&, const Request&);

// the journal, and the router's answer to "where would this go" (handle_queries.cpp)
Response get_events(Backend&, const Request&);
Response get_explain(Backend&, const Request&);

// what the servers' settings lack, and mending it (handle_doctor.cpp)
Response get_doctor(Backend&, const Request&);
Response post_doctor(Backend&, const Request&);

// operators' commands (handle_commands.cpp)
Response post_switchover(Backend&, const Request&);
Response post_failover(Backend&, const Request&);
Response post_pause(Backend&, const Request&);
Response post_resume(Backend&, const Request&);
Response post_ack(Backend&, const Request&);
Response post_maintenance(Backend&, const Request&);
Response post_reload(Backend&, const Request&);

// what orchestrators, load balancers and Prometheus ask (handle_health.cpp)
Response get_livez(Backend&, const Request&);
Response get_readyz(Backend&, const Request&);
Response get_primary(Backend&, const Request&);
Response get_replica(Backend&, const Request&);
Response get_metrics(Backend&, const Request&);

// The view of ?cluster=, or of the only cluster when it is absent. Shared by
// the handlers whose path has no cluster in it. The error is a response.
tl::expected<model::ViewPtr, Response> requested_view(Backend& backend, const Request& request);

// 404 unless the cluster exists and has the node; "" stands for any.
std::optional<Response> check_names(Backend& backend, const std::string& cluster,
                                    const std::string& node);

// The view of the named cluster, or 404 with the names that there are.
tl::expected<model::ViewPtr, Response> named_view(Backend& backend, const std::string& cluster);

}  // namespace relevo::admin
