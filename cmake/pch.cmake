# Headers that nearly every file takes in, compiled once: half of the compiler's time on this code is Asio's templates and
# the standard library. Nothing may rely on it: each file still includes what it uses (the fuzz targets build without).
file(WRITE ${CMAKE_BINARY_DIR}/pch.cc "// compiled only to make the precompiled headers\n")
add_library(bascule_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cc)
target_link_libraries(bascule_pch PRIVATE bascule_options Boost::boost)
# Without the times of the headers in it, a precompiled header from the compiler's cache still fits after a fresh clone.
set(pch_without_times $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
target_compile_options(bascule_pch PRIVATE ${pch_without_times})
target_precompile_headers(bascule_pch PRIVATE <algorithm> <chrono> <functional> <map> <memory> <optional> <string>
  <unordered_map> <vector> ${CMAKE_SOURCE_DIR}/src/runtime/completion.h ${CMAKE_SOURCE_DIR}/src/base/result.h)
if(BASCULE_TESTS)
  add_library(bascule_test_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cc)
  target_link_libraries(bascule_test_pch PRIVATE bascule_options bascule_test_options Boost::boost GTest::gmock GTest::gtest)
  target_compile_options(bascule_test_pch PRIVATE ${pch_without_times})
  target_precompile_headers(bascule_test_pch PRIVATE <algorithm> <chrono> <functional> <map> <memory> <optional> <string>
    <unordered_map> <vector> <gmock/gmock.h> <gtest/gtest.h> ${CMAKE_SOURCE_DIR}/src/runtime/completion.h
    ${CMAKE_SOURCE_DIR}/src/base/result.h)
endif()
