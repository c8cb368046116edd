#include "proxy/route/postgres/keywords.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace relevo::route::postgres {
namespace {

// `| 0x20` lowers ASCII letters; of the other bytes that occur in identifiers
// it maps no two ASCII ones together.
constexpr std::uint64_t fold_mask = 0x2020202020202020ULL;

constexpr std::uint64_t pack_slowly(std::string_view text) {
  std::uint64_t packed = 0;
  for (std::size_t i = 0; i < text.size() && i < 8; ++i) {
    packed |= std::uint64_t{static_cast<unsigned char>(text[i] | 0x20)} << (8 * i);
  }
  return packed;
}

template <typename Word>
std::uint64_t load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// As pack_slowly, in two loads that overlap.
std::uint64_t pack(const char* text, std::size_t size) {
  if constexpr (std::endian::native != std::endian::little) return pack_slowly({text, size});
  if (size >= 8) return load<std::uint64_t>(text) | fold_mask;
  if (size >= 4) {
    return (load<std::uint32_t>(text) | load<std::uint32_t>(text + size - 4) << (8 * (size - 4))) |
           (fold_mask >> (8 * (8 - size)));
  }
  if (size >= 2) {
    return (load<std::uint16_t>(text) | load<std::uint16_t>(text + size - 2) << (8 * (size - 2))) |
           (fold_mask >> (8 * (8 - size)));
  }
  return size == 0 ? 0 : static_cast<unsigned char>(*text | 0x20);
}

struct Listed {
  std::string_view word;
  Keyword keyword;
  KeywordClass cls;
};

// PostgreSQL 15's pg_get_keywords(), without the unreserved ones that nothing
// here asks for.
constexpr std::array listed = std::to_array<Listed>({
    {"abort", Keyword::abort_, KeywordClass::unreserved},
    {"all", Keyword::all_, KeywordClass::reserved},
    {"analyse", Keyword::analyse_, KeywordClass::reserved},
    {"analyze", Keyword::analyze_, KeywordClass::reserved},
    {"and", Keyword::other, KeywordClass::reserved},
    {"any", Keyword::other, KeywordClass::reserved},
    {"array", Keyword::other, KeywordClass::reserved},
    {"as", Keyword::as_, KeywordClass::reserved},
    {"asc", Keyword::other, KeywordClass::reserved},
    {"asymmetric", Keyword::other, KeywordClass::reserved},
    {"atomic", Keyword::atomic_, KeywordClass::unreserved},
    {"authorization", Keyword::authorization_, KeywordClass::type_function},
    {"begin", Keyword::begin_, KeywordClass::unreserved},
    {"between", Keyword::other, KeywordClass::column_name},
    {"bigint", Keyword::other, KeywordClass::column_name},
    {"binary", Keyword::other, KeywordClass::type_function},
    {"bit", Keyword::other, KeywordClass::column_name},
    {"boolean", Keyword::other, KeywordClass::column_name},
    {"both", Keyword::other, KeywordClass::reserved},
    {"by", Keyword::by_, KeywordClass::unreserved},
    {"call", Keyword::call_, KeywordClass::unreserved},
    {"case", Keyword::case_, KeywordClass::reserved},
    {"cast", Keyword::other, KeywordClass::reserved},
    {"char", Keyword::other, KeywordClass::column_name},
    {"character", Keyword::other, KeywordClass::column_name},
    {"characteristics", Keyword::characteristics_, KeywordClass::unreserved},
    {"check", Keyword::other, KeywordClass::reserved},
    {"close", Keyword::close_, KeywordClass::unreserved},
    {"coalesce", Keyword::other, KeywordClass::column_name},
    {"collate", Keyword::other, KeywordClass::reserved},
    {"collation", Keyword::other, KeywordClass::type_function},
    {"column", Keyword::other, KeywordClass::reserved},
    {"commit", Keyword::commit_, KeywordClass::unreserved},
    {"committed", Keyword::committed_, KeywordClass::unreserved},
    {"concurrently", Keyword::other, KeywordClass::type_function},
    {"constraint", Keyword::other, KeywordClass::reserved},
    {"constraints", Keyword::constraints_, KeywordClass::unreserved},
    {"copy", Keyword::copy_, KeywordClass::unreserved},
    {"create", Keyword::create_, KeywordClass::reserved},
    {"cross", Keyword::cross_, KeywordClass::type_function},
    {"cube", Keyword::cube_, KeywordClass::unreserved},
    {"current_catalog", Keyword::other, KeywordClass::reserved},
    {"current_date", Keyword::other, KeywordClass::reserved},
    {"current_role", Keyword::other, KeywordClass::reserved},
    {"current_schema", Keyword::other, KeywordClass::type_function},
    {"current_time", Keyword::other, KeywordClass::reserved},
    {"current_timestamp", Keyword::other, KeywordClass::reserved},
    {"current_user", Keyword::other, KeywordClass::reserved},
    {"deallocate", Keyword::deallocate_, KeywordClass::unreserved},
    {"dec", Keyword::other, KeywordClass::column_name},
    {"decimal", Keyword::other, KeywordClass::column_name},
    {"declare", Keyword::declare_, KeywordClass::unreserved},
    {"default", Keyword::other, KeywordClass::reserved},
    {"deferrable", Keyword::deferrable_, KeywordClass::reserved},
    {"delete", Keyword::delete_, KeywordClass::unreserved},
    {"desc", Keyword::other, KeywordClass::reserved},
    {"discard", Keyword::discard_, KeywordClass::unreserved},
    {"distinct", Keyword::distinct_, KeywordClass::reserved},
    {"do", Keyword::do_, KeywordClass::reserved},
    {"drop", Keyword::drop_, KeywordClass::unreserved},
    {"else", Keyword::other, KeywordClass::reserved},
    {"end", Keyword::end_, KeywordClass::reserved},
    {"escape", Keyword::escape_, KeywordClass::unreserved},
    {"except", Keyword::other, KeywordClass::reserved},
    {"execute", Keyword::execute_, KeywordClass::unreserved},
    {"exists", Keyword::other, KeywordClass::column_name},
    {"explain", Keyword::explain_, KeywordClass::unreserved},
    {"extract", Keyword::other, KeywordClass::column_name},
    {"false", Keyword::false_, KeywordClass::reserved},
    {"fetch", Keyword::fetch_, KeywordClass::reserved},
    {"filter", Keyword::filter_, KeywordClass::unreserved},
    {"first", Keyword::first_, KeywordClass::unreserved},
    {"float", Keyword::other, KeywordClass::column_name},
    {"for", Keyword::for_, KeywordClass::reserved},
    {"foreign", Keyword::other, KeywordClass::reserved},
    {"freeze", Keyword::other, KeywordClass::type_function},
    {"from", Keyword::from_, KeywordClass::reserved},
    {"full", Keyword::full_, KeywordClass::type_function},
    {"global", Keyword::global_, KeywordClass::unreserved},
    {"grant", Keyword::other, KeywordClass::reserved},
    {"greatest", Keyword::other, KeywordClass::column_name},
    {"group", Keyword::group_, KeywordClass::reserved},
    {"grouping", Keyword::grouping_, KeywordClass::column_name},
    {"having", Keyword::other, KeywordClass::reserved},
    {"hold", Keyword::hold_, KeywordClass::unreserved},
    {"ilike", Keyword::other, KeywordClass::type_function},
    {"in", Keyword::other, KeywordClass::reserved},
    {"initially", Keyword::other, KeywordClass::reserved},
    {"inner", Keyword::inner_, KeywordClass::type_function},
    {"inout", Keyword::other, KeywordClass::column_name},
    {"insert", Keyword::insert_, KeywordClass::unreserved},
    {"int", Keyword::other, KeywordClass::column_name},
    {"integer", Keyword::other, KeywordClass::column_name},
    {"intersect", Keyword::other, KeywordClass::reserved},
    {"interval", Keyword::other, KeywordClass::column_name},
    {"into", Keyword::into_, KeywordClass::reserved},
    {"is", Keyword::other, KeywordClass::type_function},
    {"isnull", Keyword::other, KeywordClass::type_function},
    {"isolation", Keyword::isolation_, KeywordClass::unreserved},
    {"join", Keyword::join_, KeywordClass::type_function},
    {"key", Keyword::key_, KeywordClass::unreserved},
    {"lateral", Keyword::lateral_, KeywordClass::reserved},
    {"leading", Keyword::other, KeywordClass::reserved},
    {"least", Keyword::other, KeywordClass::column_name},
    {"left", Keyword::left_, KeywordClass::type_function},
    {"like", Keyword::other, KeywordClass::type_function},
    {"limit", Keyword::other, KeywordClass::reserved},
    {"listen", Keyword::listen_, KeywordClass::unreserved},
    {"load", Keyword::load_, KeywordClass::unreserved},
    {"local", Keyword::local_, KeywordClass::unreserved},
    {"localtime", Keyword::other, KeywordClass::reserved},
    {"localtimestamp", Keyword::other, KeywordClass::reserved},
    {"materialized", Keyword::materialized_, KeywordClass::unreserved},
    {"merge", Keyword::merge_, KeywordClass::unreserved},
    {"move", Keyword::move_, KeywordClass::unreserved},
    {"names", Keyword::names_, KeywordClass::unreserved},
    {"national", Keyword::other, KeywordClass::column_name},
    {"natural", Keyword::natural_, KeywordClass::type_function},
    {"nchar", Keyword::other, KeywordClass::column_name},
    {"next", Keyword::next_, KeywordClass::unreserved},
    {"no", Keyword::no_, KeywordClass::unreserved},
    {"none", Keyword::other, KeywordClass::column_name},
    {"normalize", Keyword::other, KeywordClass::column_name},
    {"not", Keyword::not_, KeywordClass::reserved},
    {"notify", Keyword::notify_, KeywordClass::unreserved},
    {"notnull", Keyword::other, KeywordClass::type_function},
    {"null", Keyword::null_, KeywordClass::reserved},
    {"nullif", Keyword::other, KeywordClass::column_name},
    {"numeric", Keyword::other, KeywordClass::column_name},
    {"offset", Keyword::other, KeywordClass::reserved},
    {"on", Keyword::on_, KeywordClass::reserved},
    {"only", Keyword::only_, KeywordClass::reserved},
    {"operator", Keyword::operator_, KeywordClass::unreserved},
    {"or", Keyword::or_, KeywordClass::reserved},
    {"order", Keyword::order_, KeywordClass::reserved},
    {"ordinality", Keyword::ordinality_, KeywordClass::unreserved},
    {"out", Keyword::other, KeywordClass::column_name},
    {"outer", Keyword::outer_, KeywordClass::type_function},
    {"over", Keyword::over_, KeywordClass::unreserved},
    {"overlaps", Keyword::other, KeywordClass::type_function},
    {"overlay", Keyword::other, KeywordClass::column_name},
    {"partition", Keyword::partition_, KeywordClass::unreserved},
    {"placing", Keyword::other, KeywordClass::reserved},
    {"plans", Keyword::plans_, KeywordClass::unreserved},
    {"position", Keyword::other, KeywordClass::column_name},
    {"precision", Keyword::other, KeywordClass::column_name},
    {"prepare", Keyword::prepare_, KeywordClass::unreserved},
    {"prepared", Keyword::prepared_, KeywordClass::unreserved},
    {"primary", Keyword::other, KeywordClass::reserved},
    {"read", Keyword::read_, KeywordClass::unreserved},
    {"real", Keyword::other, KeywordClass::column_name},
    {"recursive", Keyword::recursive_, KeywordClass::unreserved},
    {"references", Keyword::other, KeywordClass::reserved},
    {"release", Keyword::release_, KeywordClass::unreserved},
    {"repeatable", Keyword::repeatable_, KeywordClass::unreserved},
    {"replace", Keyword::replace_, KeywordClass::unreserved},
    {"reset", Keyword::reset_, KeywordClass::unreserved},
    {"returning", Keyword::other, KeywordClass::reserved},
    {"right", Keyword::right_, KeywordClass::type_function},
    {"role", Keyword::role_, KeywordClass::unreserved},
    {"rollback", Keyword::rollback_, KeywordClass::unreserved},
    {"rollup", Keyword::rollup_, KeywordClass::unreserved},
    {"row", Keyword::other, KeywordClass::column_name},
    {"savepoint", Keyword::savepoint_, KeywordClass::unreserved},
    {"schema", Keyword::schema_, KeywordClass::unreserved},
    {"select", Keyword::select_, KeywordClass::reserved},
    {"sequences", Keyword::sequences_, KeywordClass::unreserved},
    {"serializable", Keyword::serializable_, KeywordClass::unreserved},
    {"session", Keyword::session_, KeywordClass::unreserved},
    {"session_user", Keyword::other, KeywordClass::reserved},
    {"set", Keyword::set_, KeywordClass::unreserved},
    {"setof", Keyword::other, KeywordClass::column_name},
    {"sets", Keyword::sets_, KeywordClass::unreserved},
    {"share", Keyword::share_, KeywordClass::unreserved},
    {"show", Keyword::show_, KeywordClass::unreserved},
    {"similar", Keyword::other, KeywordClass::type_function},
    {"smallint", Keyword::other, KeywordClass::column_name},
    {"some", Keyword::other, KeywordClass::reserved},
    {"start", Keyword::start_, KeywordClass::unreserved},
    {"stdin", Keyword::stdin_, KeywordClass::unreserved},
    {"stdout", Keyword::stdout_, KeywordClass::unreserved},
    {"substring", Keyword::other, KeywordClass::column_name},
    {"symmetric", Keyword::other, KeywordClass::reserved},
    {"table", Keyword::table_, KeywordClass::reserved},
    {"tablesample", Keyword::tablesample_, KeywordClass::type_function},
    {"temp", Keyword::temp_, KeywordClass::unreserved},
    {"temporary", Keyword::temporary_, KeywordClass::unreserved},
    {"then", Keyword::other, KeywordClass::reserved},
    {"time", Keyword::time_, KeywordClass::column_name},
    {"timestamp", Keyword::other, KeywordClass::column_name},
    {"to", Keyword::to_, KeywordClass::reserved},
    {"trailing", Keyword::other, KeywordClass::reserved},
    {"transaction", Keyword::transaction_, KeywordClass::unreserved},
    {"treat", Keyword::treat_, KeywordClass::column_name},
    {"trim", Keyword::other, KeywordClass::column_name},
    {"true", Keyword::true_, KeywordClass::reserved},
    {"uncommitted", Keyword::uncommitted_, KeywordClass::unreserved},
    {"union", Keyword::other, KeywordClass::reserved},
    {"unique", Keyword::other, KeywordClass::reserved},
    {"unlisten", Keyword::unlisten_, KeywordClass::unreserved},
    {"update", Keyword::update_, KeywordClass::unreserved},
    {"user", Keyword::other, KeywordClass::reserved},
    {"using", Keyword::other, KeywordClass::reserved},
    {"values", Keyword::values_, KeywordClass::column_name},
    {"varchar", Keyword::other, KeywordClass::column_name},
    {"variadic", Keyword::other, KeywordClass::reserved},
    {"verbose", Keyword::verbose_, KeywordClass::type_function},
    {"when", Keyword::other, KeywordClass::reserved},
    {"where", Keyword::other, KeywordClass::reserved},
    {"window", Keyword::other, KeywordClass::reserved},
    {"with", Keyword::with_, KeywordClass::reserved},
    {"work", Keyword::work_, KeywordClass::unreserved},
    {"write", Keyword::write_, KeywordClass::unreserved},
    {"xml", Keyword::xml_, KeywordClass::unreserved},
    {"xmlattributes", Keyword::other, KeywordClass::column_name},
    {"xmlconcat", Keyword::other, KeywordClass::column_name},
    {"xmlelement", Keyword::other, KeywordClass::column_name},
    {"xmlexists", Keyword::other, KeywordClass::column_name},
    {"xmlforest", Keyword::other, KeywordClass::column_name},
    {"xmlnamespaces", Keyword::other, KeywordClass::column_name},
    {"xmlparse", Keyword::other, KeywordClass::column_name},
    {"xmlpi", Keyword::other, KeywordClass::column_name},
    {"xmlroot", Keyword::other, KeywordClass::column_name},
    {"xmlserialize", Keyword::other, KeywordClass::column_name},
    {"xmltable", Keyword::other, KeywordClass::column_name},
    {"zone", Keyword::zone_, KeywordClass::unreserved},
});

struct Entry {
  std::uint64_t first, second;  // bytes 0-7 and 8-15, folded
  std::uint8_t size;
  std::uint8_t last;  // the last byte, folded: one keyword is longer than 16
  Keyword keyword;
  KeywordClass cls;
};

constexpr std::size_t longest = 17;
constexpr unsigned index_bits = 10;

constexpr std::size_t slot_of(std::uint64_t first, std::uint64_t second, std::size_t size) {
  const std::uint64_t mixed =
      (first ^ std::rotl(second, 23) ^ size) * std::uint64_t{0x9E3779B97F4A7C15ULL};
  return mixed >> (64 - index_bits);
}

struct Table {
  std::array<Entry, listed.size() + 1> entries{};                  // [0] is unused
  std::array<std::uint8_t, std::size_t{1} << index_bits> index{};  // 0: empty
};

constexpr Table table = [] {
  static_assert(listed.size() < 256, "an index entry is one byte");
  Table built;
  for (std::size_t i = 0; i < listed.size(); ++i) {
    const std::string_view word = listed[i].word;
    Entry& entry = built.entries[i + 1];
    entry.first = pack_slowly(word);
    entry.second = word.size() > 8 ? pack_slowly(word.substr(8)) : 0;
    entry.size = static_cast<std::uint8_t>(word.size());
    entry.last = static_cast<std::uint8_t>(word.back() | 0x20);
    entry.keyword = listed[i].keyword;
    entry.cls = listed[i].cls;
    std::size_t slot = slot_of(entry.first, entry.second, word.size());
    while (built.index[slot] != 0) slot = (slot + 1) % built.index.size();
    built.index[slot] = static_cast<std::uint8_t>(i + 1);
  }
  return built;
}();

}  // namespace

KeywordMatch find_keyword(std::string_view word) {
  if (word.size() < 2 || word.size() > longest) return {};
  const std::uint64_t first = pack(word.data(), word.size());
  const std::uint64_t second = word.size() > 8 ? pack(word.data() + 8, word.size() - 8) : 0;
  const auto last = static_cast<std::uint8_t>(word.back() | 0x20);
  for (std::size_t slot = slot_of(first, second, word.size()); table.index[slot] != 0;
       slot = (slot + 1) % table.index.size()) {
    const Entry& entry = table.entries[table.index[slot]];
    if (entry.first == first && entry.second == second && entry.size == word.size() &&
        entry.last == last) {
      return {entry.keyword, entry.cls};
    }
  }
  return {};
}

}  // namespace relevo::route::postgres
