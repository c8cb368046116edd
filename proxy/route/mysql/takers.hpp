// What takes from MariaDB's sequences without saying so in a statement: columns with
// DEFAULT NEXTVAL(s), triggers, routines and views, each with what it names in its turn.
//
// Names are compared without their schema and in lower case: a statement may be thought to
// take a number that it doesn't take, which is then asked for in vain, but not the other
// way round.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/route/mysql/lexer.hpp"
#include "topology/model/mysql_catalog.hpp"

namespace relevo::route::mysql {

// The keys (sequence_name.hpp) of the sequences behind each name.
using Takers = std::map<std::string, std::vector<std::string>, std::less<>>;

Takers takers_of(const model::MysqlCatalogRows& rows, MysqlDialect dialect);

// Those that a text may take from.
std::vector<std::string_view> taken_by(const Takers& takers, std::string_view sql,
                                       MysqlDialect dialect);

}  // namespace relevo::route::mysql
