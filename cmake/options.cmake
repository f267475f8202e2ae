# Compiler and linker settings that every target shares.
add_library(bascule_options INTERFACE)
target_compile_options(bascule_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
  -Wno-missing-field-initializers -Wno-unused-parameter -fno-omit-frame-pointer
  $<$<CXX_COMPILER_ID:Clang>:-Wno-gnu-zero-variadic-macro-arguments>)
target_include_directories(bascule_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(bascule_options INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_ARRAY)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld)
endif()
# The tests' own files: under a sanitizer the optimiser takes two thirds of the compiler's time on them, for nothing.
add_library(bascule_test_options INTERFACE)
if(BASCULE_SANITIZE)
  target_compile_options(bascule_test_options INTERFACE -O0)
  add_compile_options(-fsanitize=${BASCULE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${BASCULE_SANITIZE})
endif()
