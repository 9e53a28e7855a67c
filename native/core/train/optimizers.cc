#include "core/error.h"
#include "core/train/adamw.h"
#include "core/train/optimizer.h"
#include "core/train/sgd.h"

namespace semples {

namespace {

struct Kind {
  const char* name;
  OptimizerFactory (*plan)(OptionVisitor& options);
};

template <class Method>
OptimizerFactory plan(OptionVisitor& options) {
  typename Method::Options own;
  own.visit(options);
  return [own](std::vector<ParameterGroup> groups) { return std::make_unique<Method>(own, std::move(groups)); };
}

// A kind is a class with `Options` that have `visit`. The first is the default.
constexpr Kind kKinds[] = {
    {"adamw", plan<AdamW>},
    {"sgd", plan<Sgd>},
};

}  // namespace

OptimizerFactory plan_optimizer(OptionVisitor& options) {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.push_back(kind.name);
  return kKinds[options.choose("kind", names, 0)].plan(options);
}

void refuse_optimizer_state(const std::string& parameter) {
  throw Error("SEMPLES_CHECKPOINT_MISMATCH", "The optimiser state does not fit the parameter " + parameter)
      .in_field(parameter);
}

void check_all_used(const NamedTensors& state, size_t fitting) {
  if (fitting != state.size())
    throw Error("SEMPLES_CHECKPOINT_MISMATCH",
                "The optimiser state is of another optimiser, or of a stage that trains other parameters")
        .received(std::to_string(state.size()) + " tensors, " + std::to_string(fitting) + " of them fit");
}

}  // namespace semples
