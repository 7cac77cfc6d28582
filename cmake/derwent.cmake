# House rules for targets: one INTERFACE target carries warnings, sanitizers and
# coverage; derwent_library / derwent_binary / derwent_test are the only ways to add a target.

add_library(derwent_flags INTERFACE)
target_include_directories(derwent_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(derwent_flags INTERFACE -Wall -Wextra -Werror -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(derwent_flags INTERFACE -Wthread-safety)
else()
  # GCC 12 reports std::string's own insert and operator+ as overlapping copies (its bug 105651).
  target_compile_options(derwent_flags INTERFACE -Wno-restrict)
endif()
if(DERWENT_SANITIZE)
  target_compile_options(derwent_flags INTERFACE -fsanitize=${DERWENT_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(derwent_flags INTERFACE -fsanitize=${DERWENT_SANITIZE})
endif()
if(DERWENT_COVERAGE)
  target_compile_options(derwent_flags INTERFACE --coverage)
  target_link_options(derwent_flags INTERFACE --coverage)
endif()
find_program(DERWENT_MOLD mold)
if(DERWENT_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()

# derwent_library(name SOURCES … HEADERS … [DEPS …] [PRIVATE_DEPS …]) → target derwent_<name>, alias derwent::<name>.
function(derwent_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;HEADERS;DEPS;PRIVATE_DEPS" ${ARGN})
  set(target derwent_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(derwent::${name} ALIAS ${target})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
  target_link_libraries(${target} PUBLIC ${arg_DEPS} PRIVATE derwent_flags ${arg_PRIVATE_DEPS})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

# Programs take memory from mimalloc: protobuf and gRPC ask for many small pieces. Sanitizers bring their own.
if(NOT DERWENT_SANITIZE)
  find_package(mimalloc CONFIG REQUIRED)
endif()

# derwent_binary(name SOURCES … DEPS …): an executable named as given.
function(derwent_binary name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE derwent_flags ${arg_DEPS} $<TARGET_NAME_IF_EXISTS:mimalloc>)
endfunction()

# derwent_test(name SOURCES … DEPS …): a GoogleTest binary, one ctest entry.
function(derwent_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE derwent_flags ${arg_DEPS} GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} --gtest_output=json:${CMAKE_BINARY_DIR}/reports/${name}.json
           WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(arg_TIMEOUT)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
  endif()
endfunction()
