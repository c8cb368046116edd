#include "proxy/wire/mysql/binary_value.hpp"
