#include "proxy/wire/mysql/result.hpp"
