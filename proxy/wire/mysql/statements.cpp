#include "proxy/wire/mysql/statements.hpp"
