// SASLprep (RFC 4013, a profile of RFC 3454) for passwords, as PostgreSQL does it.
//
// Invariant: for every password the result is what PostgreSQL's pg_saslprep
// would hash, so that a verifier made here and one made there are the same.
// That includes its leniency: a password that is not UTF-8, or that SASLprep
// forbids, is used as its raw bytes.
#pragma once

#include <string>
#include <string_view>

namespace relevo::session::postgres {

// 1. Pure ASCII is returned as it stands (control characters too).
// 2. Not valid UTF-8: returned as it stands.
// 3. Map: non-ASCII spaces become a space, "commonly mapped to nothing" goes.
//    U+200B is in both tables; like PostgreSQL, a space wins.
// 4. Nothing left, a prohibited or (in Unicode 3.2) unassigned code point, or
//    a forbidden mix of writing directions: the *raw* password is returned.
//    PostgreSQL judges the text before normalization, and so do we.
// 5. Normalize with NFKC. Step 4 lets only code points of Unicode 3.2 through,
//    whose normalization is stable, so the tables needn't follow new versions.
std::string saslprep(std::string_view password);

}  // namespace relevo::session::postgres
