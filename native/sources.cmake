# The sources of native/core and native/ops, which know nothing of Node: the addon (../CMakeLists.txt) and
# scripts/gpu-check are made of them. Names are relative to the repository, like those of native/binding.

# Operators, one after another: what takes tensors apart, and the plain kernels of cpu/ (with options of their own, see
# the end). The kernels of cuda/ are a library apart, ops/CMakeLists.txt.
set(SEMPLES_COMMON_SOURCES
  native/ops/common/cpu_kernel.cc
  native/ops/common/cuda_kernel.cc
  native/ops/common/cuda_library.cc
  native/ops/common/execution.cc
  native/ops/common/operator.cc
  native/ops/register.cc)
set(SEMPLES_COMMON_PLAIN_SOURCES
  native/ops/common/cpu/buffer.cc)
set(SEMPLES_DENSE_CRF_SOURCES
  native/ops/dense_crf/dense_crf.cc
  native/ops/dense_crf/dense_crf_cpu.cc
  native/ops/dense_crf/dense_crf_cuda.cc
  native/ops/dense_crf/plain_problem.cc
  native/ops/dense_crf/register.cc)
set(SEMPLES_DENSE_CRF_PLAIN_SOURCES
  native/ops/dense_crf/cpu/chains.cc
  native/ops/dense_crf/cpu/lattice_values.cc
  native/ops/dense_crf/cpu/mean_field.cc
  native/ops/dense_crf/cpu/normalized_lattice.cc
  native/ops/dense_crf/cpu/passes_avx2.cc
  native/ops/dense_crf/cpu/passes_portable.cc
  native/ops/dense_crf/cpu/permutohedral_lattice.cc)
set(SEMPLES_PAMR_SOURCES
  native/ops/pamr/pamr.cc
  native/ops/pamr/pamr_cpu.cc
  native/ops/pamr/pamr_cuda.cc
  native/ops/pamr/register.cc)
set(SEMPLES_PAMR_PLAIN_SOURCES
  native/ops/pamr/cpu/pamr.cc
  native/ops/pamr/cpu/passes_avx2.cc
  native/ops/pamr/cpu/passes_portable.cc)
set(SEMPLES_OPERATOR_SOURCES ${SEMPLES_COMMON_SOURCES} ${SEMPLES_DENSE_CRF_SOURCES} ${SEMPLES_PAMR_SOURCES})
set(SEMPLES_PLAIN_SOURCES
  ${SEMPLES_COMMON_PLAIN_SOURCES} ${SEMPLES_DENSE_CRF_PLAIN_SOURCES} ${SEMPLES_PAMR_PLAIN_SOURCES})

set(SEMPLES_CORE_SOURCES
  native/core/cam/multiscale.cc
  native/core/checkpoint/state.cc
  native/core/clip/clip.cc
  native/core/clip/openai_clip.cc
  native/core/clip/prompts.cc
  native/core/clip/residual_block.cc
  native/core/clip/script_clip.cc
  native/core/device.cc
  native/core/images.cc
  native/core/losses/area.cc
  native/core/losses/classification.cc
  native/core/losses/contrastive.cc
  native/core/losses/registry.cc
  native/core/memory.cc
  native/core/precision.cc
  native/core/models/attention_fusion.cc
  native/core/models/cnn_backbone.cc
  native/core/models/cnn_generator.cc
  native/core/models/cnn_kinds.cc
  native/core/models/efficientnet_lite.cc
  native/core/models/feature_cache.cc
  native/core/models/generators.cc
  native/core/models/mask_generator.cc
  native/core/models/resnet.cc
  native/core/models/step_noise.cc
  native/core/models/transformer.cc
  native/core/models/weaktr_generator.cc
  native/core/refine/labels.cc
  native/core/refine/refine.cc
  native/core/refine/scores.cc
  native/core/segment/clip_decoder.cc
  native/core/segment/deeplab.cc
  native/core/segment/initial.cc
  native/core/segment/pixel_loss.cc
  native/core/segment/predict.cc
  native/core/segment/segmenter.cc
  native/core/segment/segmenters.cc
  native/core/segment/trainer.cc
  native/core/segment/vit_encoder.cc
  native/core/segment/vit_mask.cc
  native/core/segment/windows.cc
  native/core/train/adamw.cc
  native/core/train/masked_pairs.cc
  native/core/train/objective.cc
  native/core/train/optimization.cc
  native/core/train/optimizers.cc
  native/core/train/sgd.cc
  native/core/train/trainer.cc)

# Where the project that includes this file is not the repository itself.
get_filename_component(SEMPLES_ROOT ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
foreach(list SEMPLES_OPERATOR_SOURCES SEMPLES_PLAIN_SOURCES SEMPLES_CORE_SOURCES)
  list(TRANSFORM ${list} PREPEND ${SEMPLES_ROOT}/)
endforeach()

# Plain C++: kernels without LibTorch. Its vectors never cross a library's boundary, of which GCC warns. Products and
# sums are rounded apart where the source has them apart, so that pixels lie in the same simplices everywhere.
set_source_files_properties(
  ${SEMPLES_PLAIN_SOURCES}
  PROPERTIES SKIP_PRECOMPILE_HEADERS ON COMPILE_OPTIONS "-Wno-psabi;-ffp-contract=off")
