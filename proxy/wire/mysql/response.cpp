#include "proxy/wire/mysql/response.hpp"
