/** What NVIDIA asks for to run programs of one major version of CUDA. */
interface CudaMajor {
  major: number
  /** Oldest driver release: any minor version of this major one runs on it. */
  driver: number
  /** Oldest compute capability that its compilers and libraries still serve. */
  capability: number
}

/**
 * Drivers: https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html (table 1); newer drivers run
 * older versions too. Capabilities: https://docs.nvidia.com/cuda/archive/13.0.0/cuda-toolkit-release-notes/index.html
 * ("Deprecated Architectures": 13.0 drops Maxwell, Pascal and Volta) and the same page of 12.0, which drops Kepler.
 */
const majors: readonly CudaMajor[] = [
  { major: 13, driver: 580, capability: 7.5 },
  { major: 12, driver: 525, capability: 5.0 },
  { major: 11, driver: 450, capability: 3.5 },
]

/** 13 of `13.0`. */
export function majorOf(version: string): number {
  return Number.parseInt(version, 10)
}

/** Oldest driver for a version of CUDA; of the newest known where the version is unknown. */
export function driverFor(cuda: string | undefined): number {
  return (majors.find(({ major }) => cuda !== undefined && major === majorOf(cuda)) ?? majors[0]!).driver
}

/** Newest major version of CUDA that a driver release runs, e.g. 12 of `570.86.15`; undefined for very old ones. */
export function cudaOfDriver(release: string): number | undefined {
  return majors.find(({ driver }) => majorOf(release) >= driver)?.major
}

/** Oldest compute capability for a version of CUDA; undefined where none is known. */
export function capabilityFor(cuda: string): number | undefined {
  return majors.find(({ major }) => major === majorOf(cuda))?.capability
}
