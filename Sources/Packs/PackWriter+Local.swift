internal import Disk

extension PackWriter {
    /// A writer of one file of this machine's own file system.
    ///
    /// - Concurrency: one writer a path at a time.
    package init(localPath path: String) {
        self.init(disk: PosixDisk(root: "."), path: path)
    }
}
