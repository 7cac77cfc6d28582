#pragma once

// RETURN_IF_ERROR(expr) and ASSIGN_OR_RETURN(decl, expr): hand a failure to the caller unchanged.

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define DERWENT_CONCAT_INNER(a, b) a##b
#define DERWENT_CONCAT(a, b) DERWENT_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expr)                                                              \
  do {                                                                                     \
    if (absl::Status derwent_status = (expr); !derwent_status.ok()) return derwent_status; \
  } while (false)

// NOLINTBEGIN(bugprone-macro-parentheses): a declaration and the name of a variable cannot stand in parentheses.
#define ASSIGN_OR_RETURN_INNER(result, decl, expr) \
  auto result = (expr);                            \
  if (!result.ok()) return result.status();        \
  decl = std::move(result).value()
// NOLINTEND(bugprone-macro-parentheses)

#define ASSIGN_OR_RETURN(decl, expr) ASSIGN_OR_RETURN_INNER(DERWENT_CONCAT(derwent_result_, __LINE__), decl, expr)
