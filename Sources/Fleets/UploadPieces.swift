package import Core

/// A folder of models as a tar archive, or an archive as it is, piece by piece for an upload.
///
/// Nothing is held in memory but the piece that is sent.
package struct UploadPieces: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    private enum Source {
        case archive(MappedFile)
        case folder(ModelFiles)
    }

    private let source: Source
    private let fileByteCountMax: Int
    /// Bytes in all; nil when that shows only on the way.
    package let byteCount: Int?
    /// Files in all; nil for an archive.
    package let fileCount: Int?
    /// Called with bytes and files so far.
    private let progress: @Sendable (_ bytes: Int, _ files: Int) -> Void

    private static let pieceByteCount = 1 << 20

    /// Opens a folder or an archive.
    ///
    /// - Throws: ``FleetError`` `.notFound` when there is nothing; `.invalidArgument` for an empty
    ///   folder.
    package init(
        _ path: String,
        limits: Limits,
        progress: @escaping @Sendable (_ bytes: Int, _ files: Int) -> Void
    ) throws {
        fileByteCountMax = limits.modelByteCountMax
        self.progress = progress
        if try Folders.isFolder(path) {
            let files = try ModelFiles.open(path, staging: "")
            source = .folder(files)
            byteCount = nil
            fileCount = files.count
        } else {
            let file = try MappedFile(path)
            source = .archive(file)
            byteCount = file.bytes.count
            fileCount = nil
        }
    }

    package func makeAsyncIterator() -> Iterator { Iterator(pieces: self) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let pieces: UploadPieces
        /// Bytes of the archive, or files of the folder.
        private var position = 0
        private var byteCount = 0
        private var isDone = false

        fileprivate init(pieces: UploadPieces) { self.pieces = pieces }

        /// The next piece, nil at the end.
        ///
        /// - Throws: ``FleetError`` naming a file that is too large or cannot be read.
        package mutating func next() async throws -> [UInt8]? {
            guard !isDone else { return nil }
            let piece: [UInt8]
            switch pieces.source {
            case .archive(let file): piece = nextPart(of: file)
            case .folder(let files): piece = try nextFiles(of: files)
            }
            guard !piece.isEmpty else { return nil }
            byteCount += piece.count
            pieces.progress(byteCount, position)
            return piece
        }

        private mutating func nextPart(of file: MappedFile) -> [UInt8] {
            let end = Swift.min(position + UploadPieces.pieceByteCount, file.bytes.count)
            defer { position = end }
            isDone = end == file.bytes.count
            return withExtendedLifetime(file) { Array(file.bytes[position..<end]) }
        }

        private mutating func nextFiles(of files: ModelFiles) throws -> [UInt8] {
            var piece: [UInt8] = []
            var buffer = FileBuffer()
            while position < files.count, piece.count < UploadPieces.pieceByteCount {
                let path = files.path(at: position)
                try files.withBytes(
                    at: position,
                    byteCountMax: pieces.fileByteCountMax,
                    buffer: &buffer
                ) { TarArchive.append(path, $0, to: &piece) }
                position += 1
            }
            if position == files.count {
                piece.append(contentsOf: repeatElement(0, count: 1024))
                isDone = true
            }
            return piece
        }
    }
}
