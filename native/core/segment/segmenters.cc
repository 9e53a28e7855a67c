#include "core/segment/segmenters.h"

#include "core/segment/clip_decoder.h"
#include "core/segment/deeplab.h"
#include "core/segment/vit_mask.h"

namespace semples {

namespace {

struct Kind {
  const char* name;
  SegmenterFactory (*plan)(OptionVisitor& options, const SegmenterBasics& basics);
};

template <class Model>
SegmenterFactory plan(OptionVisitor& options, const SegmenterBasics& basics) {
  typename Model::Config config;
  config.visit(options);
  config.check(basics);
  return [config, basics] {
    auto model = std::make_shared<Model>(config, basics);
    model->compute_in(basics.precision);
    return model;
  };
}

// A kind is a class with a `Config` that has `visit` and `check`.
constexpr Kind kKinds[] = {
    {"vit-mask", plan<VitMask>},
    {"deeplabv3plus", plan<DeepLab>},
    {"clip-decoder", plan<ClipDecoder>},
};

}  // namespace

void SegmenterBasics::visit(OptionVisitor& options) {
  options.whole("classes", classes, 2, 255);
  options.seed("seed", seed);
  options.device("device", device);
  visit_precision(options, precision);
  check_precision(precision, device);
}

SegmenterFactory plan_segmenter(OptionVisitor& options, std::shared_ptr<Clip> clip) {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.push_back(kind.name);
  const Kind& kind = kKinds[options.choose("kind", names, std::nullopt)];
  SegmenterBasics basics;
  basics.visit(options);
  basics.clip = std::move(clip);
  return kind.plan(options, basics);
}

}  // namespace semples
