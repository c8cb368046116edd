#include "proxy/wire/mysql/session_state.hpp"

#include <algorithm>
#include <array>

namespace relevo::wire::mysql {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

const SessionChange* SessionChanges::give(SessionTrack type, std::string_view name,
                                          std::string_view value) {
  malformed_ = malformed_ || !entry_.ok();
  change_ = {type, name, value};
  return malformed_ ? nullptr : &change_;
}

const SessionChange* SessionChanges::next() {
  while (!malformed_) {
    if (entry_.left() > 0) {
      const std::string_view name = entry_.lenenc_string();
      const std::string_view value = entry_.lenenc_string();
      return give(SessionTrack::system_variable, name, value);
    }
    if (entries_.left() == 0) return nullptr;
    const auto type = static_cast<SessionTrack>(entries_.u8());
    const Bytes entry = as_bytes(entries_.lenenc_string());
    malformed_ = !entries_.ok();
    if (malformed_) return nullptr;
    Reader reader(entry);
    switch (type) {
      case SessionTrack::system_variable:
        entry_ = reader;
        break;
      case SessionTrack::state_change:  // the one kind whose value has no length of its own
        return give(type, {}, as_text(entry));
      case SessionTrack::gtids:
        reader.u8();  // how they are written down: only one way so far
        [[fallthrough]];
      case SessionTrack::schema:
      case SessionTrack::transaction_characteristics:
      case SessionTrack::transaction_state: {
        const std::string_view value = reader.lenenc_string();
        malformed_ = !reader.ok();
        return give(type, {}, value);
      }
    }
  }
  return nullptr;
}

Decoded<TransactionState> decode_transaction_state(std::string_view letters) {
  using Answer = Decoded<TransactionState>;
  TransactionState state;
  struct Letter {
    char letter;
    bool* flag;
  };
  // In their places; the first place has one of two letters.
  const std::array<Letter, 8> places = {{{'T', &state.explicit_transaction},
                                         {'r', &state.read_unsafe},
                                         {'R', &state.read},
                                         {'w', &state.wrote_unsafe},
                                         {'W', &state.wrote},
                                         {'s', &state.unsafe_statement},
                                         {'S', &state.result_set},
                                         {'L', &state.locked_tables}}};
  if (letters.size() != places.size()) {
    return Answer::malformed("transaction state is not of eight letters");
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (i == 0 && letters[i] == 'I') {
      state.implicit_transaction = true;
    } else if (letters[i] == places[i].letter) {
      *places[i].flag = true;
    } else if (letters[i] != '_') {
      return Answer::malformed("transaction state has an unknown letter");
    }
  }
  return Answer::ok(state);
}

void append_session_change(std::string& state, const SessionChange& change) {
  std::string entry;
  if (change.type == SessionTrack::system_variable) append_lenenc_string(entry, change.name);
  if (change.type == SessionTrack::gtids) entry += '\0';
  if (change.type == SessionTrack::state_change) {
    entry += change.value;
  } else {
    append_lenenc_string(entry, change.value);
  }
  state += static_cast<char>(change.type);
  append_lenenc_string(state, entry);
}

bool may_tell_variable(Bytes state, std::string_view variable) {
  SessionChanges changes(state);
  while (const SessionChange* change = changes.next()) {
    if (change->type == SessionTrack::system_variable && same_name(change->name, variable)) {
      return true;
    }
  }
  return changes.malformed();
}

std::string without_variable(Bytes state, std::string_view variable) {
  std::string kept;
  SessionChanges changes(state);
  while (const SessionChange* change = changes.next()) {
    const bool hide =
        change->type == SessionTrack::system_variable && same_name(change->name, variable);
    if (!hide) append_session_change(kept, *change);
  }
  return kept;
}

}  // namespace relevo::wire::mysql
