// What nearly every file of the data plane includes.
#pragma once

#include "proxy/net/mysql/client_session.hpp"
#include "proxy/net/postgres/client_session.hpp"
