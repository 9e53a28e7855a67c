#include "core/models/generators.h"

#include "core/models/cnn_generator.h"
#include "core/models/weaktr_generator.h"

namespace semples {

namespace {

struct Kind {
  const char* name;
  GeneratorFactory (*plan)(OptionVisitor& options, const GeneratorBasics& basics);
};

template <class Generator>
GeneratorFactory plan(OptionVisitor& options, const GeneratorBasics& basics) {
  typename Generator::Config config;
  config.visit(options);
  config.check(basics);
  return [config, basics] {
    auto generator = std::make_shared<Generator>(config, basics);
    generator->compute_in(basics.precision);
    return generator;
  };
}

// A kind is a class with a `Config` that has `visit` and `check`.
constexpr Kind kKinds[] = {
    {"weaktr", plan<WeakTrGenerator>},
    {"cnn", plan<CnnGenerator>},
};

}  // namespace

void GeneratorBasics::visit(OptionVisitor& options) {
  options.whole("classes", classes, 1, 4096);
  options.seed("seed", seed);
  options.device("device", device);
  visit_precision(options, precision);
  check_precision(precision, device);
}

GeneratorFactory plan_generator(OptionVisitor& options) {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.push_back(kind.name);
  const Kind& kind = kKinds[options.choose("kind", names, std::nullopt)];
  GeneratorBasics basics;
  basics.visit(options);
  return kind.plan(options, basics);
}

}  // namespace semples
