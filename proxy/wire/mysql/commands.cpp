#include "proxy/wire/mysql/commands.hpp"
