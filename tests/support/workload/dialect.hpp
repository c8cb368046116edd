// The statements of the workload in each engine's SQL.
#pragma once

#include <string>

#include "connection.hpp"

namespace relevo::workload {

struct Statements {
  std::string drop, create;
  std::string insert;     // parameters: client, seq
  std::string where;      // which port answers
  std::string count;      // the same and a count of rows; parameter: client
  std::string read_back;  // the same and a count of one row; parameters: client, seq
};

inline Statements statements(Engine engine, const std::string& table) {
  const bool postgres = engine == Engine::postgres;
  const std::string port = postgres ? "inet_server_port()" : "@@port";
  const std::string first = postgres ? "$1" : "?", second = postgres ? "$2" : "?";
  const std::string now =
      postgres ? "at timestamptz DEFAULT now()" : "at timestamp(6) DEFAULT CURRENT_TIMESTAMP(6)";
  return {
      .drop = "DROP TABLE IF EXISTS " + table,
      .create = "CREATE TABLE " + table + " (client int, seq bigint, " + now +
                ", PRIMARY KEY (client, seq))",
      .insert = "INSERT INTO " + table + " (client, seq) VALUES (" + first + ", " + second + ")",
      .where = "SELECT " + port,
      .count = "SELECT " + port + ", count(*) FROM " + table + " WHERE client = " + first +
               " AND seq < 10",
      .read_back = "SELECT " + port + ", count(*) FROM " + table + " WHERE client = " + first +
                   " AND seq = " + second,
  };
}

}  // namespace relevo::workload
