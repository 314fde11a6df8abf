package kr.example.wallet.app

import android.graphics.ImageFormat
import android.media.Image
import android.media.ImageReader
import android.os.Handler
import android.os.HandlerThread
import android.util.Size
import android.view.Surface

/** A camera's pictures, each looked at on a thread of their own. */
internal class Pictures(
    size: Size,
    private val look: (Image) -> Unit,
) {
    private val thread = HandlerThread("codes").apply { start() }
    internal val handler = Handler(thread.looper)
    private val reader = ImageReader.newInstance(size.width, size.height, ImageFormat.YUV_420_888, MOST)

    /** Where the camera puts them. */
    val surface: Surface
        get() = reader.surface

    init {
        reader.setOnImageAvailableListener({ it.acquireLatestImage()?.use(look) }, handler)
    }

    /** Ends it after the picture that is looked at now: its memory is the reader's, and goes with it. */
    fun close() {
        handler.post(reader::close)
        thread.quitSafely()
    }

    private companion object {
        /** One that is looked at, one that arrives. */
        const val MOST = 2
    }
}
