#include "proxy/wire/mysql/session_state.hpp"
