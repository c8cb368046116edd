#include "topology/client/conninfo.hpp"

namespace relevo::client {
namespace {

constexpr std::uint16_t default_port = 5432;

// libpq takes parallel lists of hosts, addresses and ports.
std::string repeated(const std::string& value, std::size_t times) {
  std::string list = value;
  for (std::size_t i = 1; i < times; ++i) list += "," + value;
  return list;
}

std::string joined(const std::vector<std::string>& values) {
  std::string list;
  for (const std::string& value : values) list += (list.empty() ? "" : ",") + value;
  return list;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> conninfo(
    const Endpoint& endpoint, const std::vector<std::string>& addresses) {
  const std::size_t count = addresses.empty() ? 1 : addresses.size();
  std::vector<std::pair<std::string, std::string>> parameters{
      {"host", repeated(endpoint.host, count)},  // the name that the certificate is for
      {"port", repeated(std::to_string(endpoint.port != 0 ? endpoint.port : default_port), count)},
      {"user", endpoint.user},
      {"password", endpoint.password},
      {"passfile", "/dev/null/none"},  // cannot exist, and libpq is silent about that
      {"dbname", endpoint.database.empty() ? "postgres" : endpoint.database},
      {"sslmode", endpoint.sslmode},
      {"gssencmode", "disable"},
      {"application_name", endpoint.application_name},
      {"client_encoding", "UTF8"},
      {"options", " "},  // libpq takes an empty value for none, and PGOPTIONS instead
      {"target_session_attrs", "any"},
      // Our deadlines are shorter; these clear up what a vanished host leaves behind.
      {"keepalives", "1"},
      {"keepalives_idle", "5"},
      {"keepalives_interval", "2"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", "10000"},
  };
  if (!addresses.empty()) parameters.emplace_back("hostaddr", joined(addresses));
  if (!endpoint.sslrootcert.empty()) parameters.emplace_back("sslrootcert", endpoint.sslrootcert);
  if (endpoint.replication) parameters.emplace_back("replication", "true");
  return parameters;
}

}  // namespace relevo::client
