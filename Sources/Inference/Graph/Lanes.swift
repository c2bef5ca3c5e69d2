/// The rows of a tensor along one axis: where each starts and how far its elements are apart.
struct Lanes {
    /// Elements of one lane.
    let size: Int
    /// Distance between neighbours in a lane.
    let step: Int
    let count: Int

    init(shape: [Int], axis: Int) {
        size = shape[axis]
        step = shape[(axis + 1)...].reduce(1, *)
        count = shape[..<axis].reduce(1, *) * step
    }

    /// Where a lane's first element is.
    @inline(__always)
    func start(_ lane: Int) -> Int {
        step == 1 ? lane * size : lane / step * step * size + lane % step
    }
}
