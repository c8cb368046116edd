#include "proxy/wire/mysql/prepare.hpp"
