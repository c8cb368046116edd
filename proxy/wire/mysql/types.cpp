#include "proxy/wire/mysql/types.hpp"
