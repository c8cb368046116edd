#include "proxy/wire/mysql/charset.hpp"
