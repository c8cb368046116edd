// Names of a catalogue's objects, each with what there is against it: an immutable
// hash table. A look-up is one probe, without allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relevo::route {

// An object that is not harmless, for a catalogue's describe(); 0: none.
using ObjectId = std::uint32_t;
// A schema, by whatever number its catalogue gives it; 0: none.
using SchemaId = std::uint32_t;

// What is known of a name: `refused` of the first that is not harmless.
struct Finding {
  bool found = false;
  ObjectId refused = 0;
};

// The entries of one kind by name; several schemas, or none, may know a name.
class NameIndex {
 public:
  struct Entry {
    std::uint32_t name_at = 0, name_size = 0;
    SchemaId schema = 0;
    ObjectId refused = 0;  // 0: harmless
  };

  void add(std::string_view name, SchemaId schema, ObjectId refused);
  void finish();  // after the last add()

  // `name` in the catalogue's spelling.
  std::span<const Entry> find(std::string_view name) const;
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const;

 private:
  std::string_view name_of(const Entry& entry) const {
    return {names_.data() + entry.name_at, entry.name_size};
  }
  struct Slot {
    std::uint32_t tag = 0, first = 0, count = 0;
  };
  std::string names_;
  std::vector<Entry> entries_;  // by name, then schema
  std::vector<Slot> slots_;     // a power of two; count 0: empty
};

Finding find_in_schema(const NameIndex& index, std::string_view name, SchemaId schema);

}  // namespace relevo::route
