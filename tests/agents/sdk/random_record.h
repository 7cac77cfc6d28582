#pragma once

#include <random>
#include <string>

#include "google/protobuf/message.h"

namespace derwent::testing {

// Fills every field of a message with seeded random values: dates, postcodes, names, empty texts, numbers.
inline std::string RandomText(std::mt19937_64& random) {
  static const char* const texts[] = {"1951-04-30", "1951-04",          "1951",       "DE56 1XX", "DE56",
                                      "Ann Mary",   "O'Neill-Smith",    "Zoë Łukasz", "",         "x",
                                      "abc",        "0123456789abcdef", "***123",     "A.",       "  two  spaces ",
                                      "9990001243", "not a date",       "S1 2AB"};
  return texts[random() % (sizeof(texts) / sizeof(texts[0]))];
}

inline void FillRandomly(google::protobuf::Message& message, std::mt19937_64& random, int depth = 0);

inline void FillField(google::protobuf::Message& message, const google::protobuf::FieldDescriptor* field,
                      std::mt19937_64& random, int depth) {
  using Field = google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const bool repeated = field->is_repeated();
  switch (field->cpp_type()) {
    case Field::CPPTYPE_STRING:
      return repeated ? reflection.AddString(&message, field, RandomText(random))
                      : reflection.SetString(&message, field, RandomText(random));
    case Field::CPPTYPE_INT32: {
      const auto value = static_cast<int32_t>(random() % 200) - 20;
      return repeated ? reflection.AddInt32(&message, field, value) : reflection.SetInt32(&message, field, value);
    }
    case Field::CPPTYPE_BOOL:
      return reflection.SetBool(&message, field, random() % 2 == 0);
    case Field::CPPTYPE_DOUBLE:
      return reflection.SetDouble(&message, field, static_cast<double>(random() % 1000) / 10);
    case Field::CPPTYPE_ENUM: {
      const int value =
          field->enum_type()->value(static_cast<int>(random() % field->enum_type()->value_count()))->number();
      return repeated ? reflection.AddEnumValue(&message, field, value)
                      : reflection.SetEnumValue(&message, field, value);
    }
    case Field::CPPTYPE_MESSAGE:
      return FillRandomly(
          repeated ? *reflection.AddMessage(&message, field) : *reflection.MutableMessage(&message, field), random,
          depth + 1);
    default:
      return;
  }
}

inline void FillRandomly(google::protobuf::Message& message, std::mt19937_64& random, int depth) {
  if (depth > 7) return;
  const google::protobuf::Descriptor& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const int times =
        descriptor.field(i)->is_repeated() ? static_cast<int>(random() % 3) : static_cast<int>(random() % 4 != 0);
    for (int n = 0; n < times; ++n) FillField(message, descriptor.field(i), random, depth);
  }
}

}  // namespace derwent::testing
