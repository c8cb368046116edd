// Stored passwords, SASLprep and MD5, against what a real server stored.
#include "proxy/session/postgres/auth/verifier.hpp"

#include <gtest/gtest.h>

#include "proxy/session/postgres/auth/md5.hpp"
#include "proxy/session/postgres/auth/saslprep.hpp"
#include "tests/unit/session/postgres_vectors.hpp"

namespace relevo::session::postgres {
namespace {

ScramVerifier parse_scram(std::string_view text) {
  const auto parsed = parse_verifier(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? std::get<ScramVerifier>(*parsed) : ScramVerifier{};
}

TEST(Saslprep, PreparesAsPostgresDoes) {
  for (const auto& row : test::postgres_scram_vectors) {
    EXPECT_EQ(saslprep(row.password), row.prepared);
  }
}

TEST(Saslprep, GivesTheExamplesOfItsRfc) {  // RFC 4013, section 3
  EXPECT_EQ(saslprep("I\xc2\xadX"), "IX");
  EXPECT_EQ(saslprep("user"), "user");
  EXPECT_EQ(saslprep("USER"), "USER");
  EXPECT_EQ(saslprep("\xc2\xaa"), "a");
  EXPECT_EQ(saslprep("\xe2\x85\xa8"), "IX");
  EXPECT_EQ(saslprep("\x07"), "\x07");  // prohibited there, raw here
  EXPECT_EQ(saslprep("\xd8\xa7"
                     "1"),
            "\xd8\xa7"
            "1");  // directions disagree there, raw here
}

TEST(Saslprep, ComposesMarksThatNothingBlocks) {
  EXPECT_EQ(saslprep("a\xcc\x82\xcc\xa3"), "\xe1\xba\xad");  // both, in whichever order they came
  EXPECT_EQ(saslprep("a\xcc\xa3\xcc\x82"), "\xe1\xba\xad");
  // U+0310 does not combine with the letter, and keeps U+0301 from it: same class.
  EXPECT_EQ(saslprep("a\xcc\x90\xcc\x81"), "a\xcc\x90\xcc\x81");
}

TEST(Saslprep, TakesWhatIsNotUtf8AsItStands) {
  // Each would lose its soft hyphen if it were taken for UTF-8.
  for (const char* bad :
       {"\xc2\xad\xff", "\xc2\xad\xc2", "\xc2\xad\x80", "\xc2\xad\xc0\xaf", "\xc2\xad\xe0\x80\xaf",
        "\xc2\xad\xed\xa0\x80", "\xc2\xad\xf4\x90\x80\x80", "\xc2\xad\xf0\x80\x80\xaf",
        "\xc2\xad\xf8\x88\x80\x80\x80", "\xe9t\xe9"}) {
    EXPECT_EQ(saslprep(bad), bad);
  }
}

TEST(Verifier, IsWhatPostgresStores) {
  for (const auto& row : test::postgres_scram_vectors) {
    const ScramVerifier stored = parse_scram(row.rolpassword);
    EXPECT_EQ(stored.to_string(), row.rolpassword);
    EXPECT_EQ(make_scram_verifier(row.password, stored.salt, stored.iterations).to_string(),
              row.rolpassword);
    EXPECT_TRUE(password_matches(stored, "whoever", row.password).value());
    EXPECT_FALSE(password_matches(stored, "whoever", "guess").value());
  }
}

TEST(Verifier, IsParsedFieldByField) {
  const ScramVerifier verifier = parse_scram(
      "SCRAM-SHA-256$4096:8KNBX9Tzg5soXKRj+5VLKA==$M9hxiIk358R93yhVWKiTyb3WpVlKxmhrLq43mjpnHIs=:"
      "nP3xO8HS2KA0rxP0fjm6ChMLwCf7eh1/KwjHdq9ovpY=");
  EXPECT_EQ(verifier.iterations, 4096U);
  EXPECT_EQ(base64_encode(verifier.salt), "8KNBX9Tzg5soXKRj+5VLKA==");
  EXPECT_EQ(base64_encode(text_of(verifier.stored_key)),
            "M9hxiIk358R93yhVWKiTyb3WpVlKxmhrLq43mjpnHIs=");
  EXPECT_EQ(base64_encode(text_of(verifier.server_key)),
            "nP3xO8HS2KA0rxP0fjm6ChMLwCf7eh1/KwjHdq9ovpY=");
}

TEST(Verifier, RefusesDamagedOnesWithoutQuotingThem) {
  const std::string key = "M9hxiIk358R93yhVWKiTyb3WpVlKxmhrLq43mjpnHIs=";
  const std::string good = "SCRAM-SHA-256$4096:8KNBX9Tzg5soXKRj+5VLKA==$" + key + ":" + key;
  ASSERT_TRUE(parse_verifier(good));
  const std::string damaged[] = {
      "",
      "pencil",
      "scram-sha-256$4096:8KNBX9Tzg5soXKRj+5VLKA==$" + key + ":" + key,
      "SCRAM-SHA-512$4096:8KNBX9Tzg5soXKRj+5VLKA==$" + key + ":" + key,
      "SCRAM-SHA-256$:8KNBX9Tzg5soXKRj+5VLKA==$" + key + ":" + key,
      "SCRAM-SHA-256$0:8KNBX9Tzg5soXKRj+5VLKA==$" + key + ":" + key,
      "SCRAM-SHA-256$-1:8KNBX9Tzg5soXKRj+5VLKA==$" + key + ":" + key,
      "SCRAM-SHA-256$ 4096:8KNBX9Tzg5soXKRj+5VLKA==$" + key + ":" + key,
      "SCRAM-SHA-256$4096x:8KNBX9Tzg5soXKRj+5VLKA==$" + key + ":" + key,
      "SCRAM-SHA-256$10000001:8KNBX9Tzg5soXKRj+5VLKA==$" + key + ":" + key,
      "SCRAM-SHA-256$99999999999:8KNBX9Tzg5soXKRj+5VLKA==$" + key + ":" + key,
      "SCRAM-SHA-256$4096:$" + key + ":" + key,
      "SCRAM-SHA-256$4096:8KNBX9Tzg5soXKRj+5VLKA=$" + key + ":" + key,
      "SCRAM-SHA-256$4096:8KNBX9Tzg5soXKRj+5VLKA==" + key + ":" + key,
      "SCRAM-SHA-256$4096:8KNBX9Tzg5soXKRj+5VLKA==$" + key,
      "SCRAM-SHA-256$4096:8KNBX9Tzg5soXKRj+5VLKA==$" + key + ":",
      "SCRAM-SHA-256$4096:8KNBX9Tzg5soXKRj+5VLKA==$" + key + ":c2hvcnQ=",
      good + "\n",
      good + ":",
      good + key,
      "md5",
      "md5ae683e9e3a46c249efd75afd69dd69d",
      "md5ae683e9e3a46c249efd75afd69dd69d33",
      "md5AE683E9E3A46C249EFD75AFD69DD69D3",
      "md5ge683e9e3a46c249efd75afd69dd69d3",
      "MD5ae683e9e3a46c249efd75afd69dd69d3"};
  for (const std::string& text : damaged) {
    const auto parsed = parse_verifier(text);
    ASSERT_FALSE(parsed) << text;
    if (text.size() > 10) {
      EXPECT_EQ(parsed.error().message.find(text), std::string::npos) << text;
    }
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(parse_verifier(good.substr(0, size))) << size;
  }
}

TEST(Verifier, AMockIsStablePerUserAndSecret) {
  const ScramVerifier mock = make_mock_verifier("secret", "nobody");
  EXPECT_EQ(mock, make_mock_verifier("secret", "nobody"));
  EXPECT_NE(mock.salt, make_mock_verifier("secret", "nobody2").salt);
  EXPECT_NE(mock.salt, make_mock_verifier("other", "nobody").salt);
  EXPECT_EQ(mock.salt.size(), scram_salt_bytes);
  EXPECT_EQ(mock.iterations, scram_iterations_default);
  EXPECT_TRUE(parse_verifier(mock.to_string()));
}

TEST(Md5, IsWhatPostgresStores) {
  const auto made = make_md5_verifier("hunter2", "app");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->hash, test::postgres_md5_vector);
  const auto parsed = parse_verifier(test::postgres_md5_vector);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(std::get<Md5Verifier>(*parsed), *made);
  EXPECT_TRUE(password_matches(*parsed, "app", "hunter2").value());
  EXPECT_FALSE(password_matches(*parsed, "app", "hunter3").value());
  EXPECT_FALSE(password_matches(*parsed, "root", "hunter2").value());
}

TEST(Md5, AnswersAChallengeFromTheStoredHash) {
  const Md5Verifier verifier{std::string(test::postgres_md5_vector)};
  const wire::postgres::Md5Salt salt = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  const auto answer = md5_answer(verifier, salt);
  ASSERT_TRUE(answer);
  // python: "md5" + md5(b"ae683e9e3a46c249efd75afd69dd69d3" + bytes([1, 2, 3, 4])).hexdigest()
  EXPECT_EQ(*answer, "md56c756f9baaf93d46b93b7ca862c00383");
  EXPECT_TRUE(md5_answer_matches(verifier, salt, *answer).value());
  for (std::size_t i = 0; i < answer->size(); ++i) {
    std::string wrong = *answer;
    wrong[i] = static_cast<char>(wrong[i] ^ 1);
    EXPECT_FALSE(md5_answer_matches(verifier, salt, wrong).value()) << i;
  }
  EXPECT_FALSE(md5_answer_matches(verifier, {}, *answer).value());
  EXPECT_FALSE(md5_answer_matches(verifier, salt, "").value());
}

}  // namespace
}  // namespace relevo::session::postgres
