// What a real PostgreSQL 15.20 stored in pg_authid.rolpassword after
// CREATE ROLE ... PASSWORD, with password_encryption as the hash tells.
#pragma once

#include <string_view>

namespace relevo::test {

struct StoredPassword {
  std::string_view password;  // UTF-8
  std::string_view prepared;  // what SASLprep makes of it
  std::string_view rolpassword;
};

// clang-format off: the stored texts stay in one piece
inline constexpr StoredPassword postgres_scram_vectors[] = {
    // ASCII
    {"pencil", "pencil",
     "SCRAM-SHA-256$4096:mZzR+lhjxG7125xmeF8wkg==$WRv3Qzlv+BeL3T8+QknE8iea2LmMamnr0DNvMR1e8eY=:F5EiATm0m4JY/h/bSQa7nIqGmE0Xw/e7smzLEN9BMEE="},
    // composed letters stay
    {"p\xc3\xa4ssw\xc3\xb6rd", "p\xc3\xa4ssw\xc3\xb6rd",
     "SCRAM-SHA-256$4096:VZZEQRaVDdyMCSmBu0miag==$kh7FRvAuaiubZPNvDfTFA7Zc/zC8okwxDked2cIItnU=:O235Us2ZLv/v0pn1ez++Vs/Ln+A2XnQq6pWDs97Uj14="},
    // composed, soft hyphen gone, ligature and fraction taken apart
    {"e\xcc\x81t\xc2\xad\xc3\xa9\xef\xac\x81\xc2\xbd", "\xc3\xa9t\xc3\xa9" "fi1\xe2\x81\x84" "2",
     "SCRAM-SHA-256$4096:Yy/4CGxEyVR9uHCndkfx0Q==$EIVL7xgKDkooMklLi8V/+pjtiD1TU2kxU+zzPLYucFM=:6S114yoKkna7/jTp4jGrf26sO9xLUZgfgbTLuaLDLZ8="},
    // no-break and zero-width space
    {"I\xc2\xa0X\xe2\x80\x8b", "I X ",
     "SCRAM-SHA-256$4096:hljD4C4wHzt8qizPWlXFJQ==$ujarwRIhvgS0pg7/fZRGtroMeS4GZecG3CeCwa+CFuE=:plR6cX/I7O1S5BDKdYWMMsHlMhCxNlKVQ483lbM3G58="},
    // Roman numeral, fullwidth letter
    {"\xe2\x85\xa8\xef\xbc\xa1", "IXA",
     "SCRAM-SHA-256$4096:wedQpuf2Qg26GZpNzM/jeA==$hAyWBR3tnie+jMsj2whWg3gAtbMFwdiH8i22lKSZRiA=:kNf/EW4VnNc9hxl5mZsdnzkig7zRzx1JrfvjW+Ashbw="},
    // Hangul, the last syllable in parts
    {"\xed\x95\x9c\xea\xb8\x80\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c\xea\xb8\x80\xed\x95\x9c",
     "SCRAM-SHA-256$4096:vPk2HCE3vQvvLlxgcmzNTQ==$+tWotOx/ZmRy9GQ+YWik0l+kHlbyzfdqKm/BOV52grU=:PaKqcdY48kxi8xGU0w1UcKAb1Fc/HY3xSU4E+w3IgtU="},
    // right to left
    {"\xd8\xa7\xd8\xa8", "\xd8\xa7\xd8\xa8",
     "SCRAM-SHA-256$4096:u+M26SsITt91G5Hk2WpZrg==$ckmoAKFpmJ7IzCsOm1LjgqTouqxW6WMgLbQFkSuZ8tg=:e1oJ1pJQtO+pn4ym3VPp8+JiTwjIgK0gwLQNTXDnMFE="},
    // both directions: raw
    {"\xd8\xa7" "a", "\xd8\xa7" "a",
     "SCRAM-SHA-256$4096:gLUFaCd4euKJ18Plv8/ROA==$nhHp/WS3vvhzaJPw5433L5jbnw0SXySdkPkwe35kYz4=:zYi24lNG95hzsDMMorfC85rP30LXxUPuOvDucNXKD7c="},
    // unassigned in Unicode 3.2: raw
    {"a\xc8\xa1", "a\xc8\xa1",
     "SCRAM-SHA-256$4096:+4if3nLujME5fTxY3IvXSQ==$RdsrakiA92eOx7DSrLA1GJFXuqpqDp2Nx72tiNpQ1KI=:bsEWkf2ZinBulSZmql9mB79mNmAcZXD9SlP/mDuIhsw="},
    // nothing left: raw
    {"\xc2\xad", "\xc2\xad",
     "SCRAM-SHA-256$4096:EITyRoYY3S54X9PWN01/wQ==$GRouBf1i61Y8DaZSiy9k34NbN4JYhkibOSIyDF7Wug8=:cA5uwSy66ftOcKIgb8rZNUTTA0VFH7uKSGlCvPKFuEc="},
    // marks reordered
    {"q\xcc\x87\xcc\xa3", "q\xcc\xa3\xcc\x87",
     "SCRAM-SHA-256$4096:DVZAPMVP71FW7Q7SLN0ACw==$lvmhEA4qMIJvD+ZuN0sugtx5rV9PZmuT/49SEPYt3og=:JLvW5WtYBWBJXKWqGnHN6e5C8FLobjMIzGi5NnE/DU4="},
    // control character: raw
    {"\x07\xc3\xa9", "\x07\xc3\xa9",
     "SCRAM-SHA-256$4096:FJR1rCL+kVCZFtHImJs/gg==$dJUURp/QpraoDGONxKZGXnDBGHMTrOuSwRS4ubsUYyQ=:Z9MBiKTPYulKvgA5tnQ7KhUOY+lLNkx9NTtPxi1IEWM="},
};
// clang-format on

// Role "app", password "hunter2", password_encryption = md5.
inline constexpr std::string_view postgres_md5_vector = "md5ae683e9e3a46c249efd75afd69dd69d3";

}  // namespace relevo::test
