# Compiler settings that hold for the whole tree, in one place.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(RELEVO_TESTS "Build the tests" ON)
option(RELEVO_WERROR "Treat warnings as errors" OFF)
set(RELEVO_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize= (address,undefined or thread)")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Paths count from the root, so that another clone finds what this one compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
      "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${CCACHE_PROGRAM}")
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                    -fno-omit-frame-pointer -fstack-protector-strong)
# GCC 12, once it optimizes, finds these inside of std::variant, std::string and
# std::regex, where they are not. The sanitizers look for the real ones.
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
                    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(RELEVO_WERROR)
  add_compile_options(-Werror)
endif()
if(RELEVO_SANITIZE)
  add_compile_options(-fsanitize=${RELEVO_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${RELEVO_SANITIZE})
else()
  add_compile_definitions($<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM AND NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  add_link_options(-fuse-ld=mold)
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)

# Asio as every module with I/O uses it. Clang with libstdc++ needs to be told
# that coroutines exist; GCC warns falsely about Asio's own operator delete.
add_library(relevo_asio INTERFACE)
target_compile_definitions(relevo_asio INTERFACE
  ASIO_STANDALONE ASIO_NO_DEPRECATED ASIO_HAS_CO_AWAIT ASIO_HAS_STD_COROUTINE
  # Asio guesses this from what was included before it: files of one program would disagree.
  ASIO_HAS_STD_ALIGNED_ALLOC=1)
target_compile_options(relevo_asio INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
if(RELEVO_SANITIZE STREQUAL "thread")
  # TSan does not see fences, and GCC says so. Asio's mutexes order its handlers without them.
  target_compile_definitions(relevo_asio INTERFACE ASIO_DISABLE_FENCED_BLOCK)
endif()
target_link_libraries(relevo_asio INTERFACE Threads::Threads)

find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
