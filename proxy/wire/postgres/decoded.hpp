// What a decoder answers: see proxy/wire/decoded.hpp. `what` of a malformed
// message is fit for an 08P01.
#pragma once

#include "proxy/wire/decoded.hpp"

namespace relevo::wire::postgres {

using wire::Decoded;
using wire::DecodeStatus;

}  // namespace relevo::wire::postgres
