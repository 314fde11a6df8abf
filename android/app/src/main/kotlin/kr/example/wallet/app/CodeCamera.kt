package kr.example.wallet.app

import android.annotation.SuppressLint
import android.content.Context
import android.graphics.ImageFormat
import android.graphics.Matrix
import android.graphics.RectF
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.hardware.camera2.params.OutputConfiguration
import android.hardware.camera2.params.SessionConfiguration
import android.media.Image
import android.os.Handler
import android.os.Looper
import android.util.Size
import android.view.Surface
import android.view.TextureView
import android.view.View
import java.util.concurrent.Executor

/**
 * The camera on the back, looking for codes. Pictures are looked at in memory and kept nowhere. One that cannot be used, or is taken
 * away, is told to [failed].
 */
internal class CodeCamera(
    private val context: Context,
    private val seen: (String) -> Unit,
    private val failed: () -> Unit,
) {
    private val preview = TextureView(context).apply { surfaceTextureListener = Preview() }
    private val cameras = requireNotNull(context.getSystemService(CameraManager::class.java))
    private val main = Handler(Looper.getMainLooper())
    private var wanted = false
    private var texture: SurfaceTexture? = null

    /** The camera that is asked for, or in use. */
    private var opened: Opened? = null
    private var last: String? = null

    val view: View = preview

    /** Whether there is one at all. */
    val isThere: Boolean
        get() = back() != null

    /** Begins to look, as soon as there is a place to draw on; false when there is no camera. The permission is the caller's. */
    fun open(): Boolean {
        val id = back() ?: return false
        if (wanted) return true
        wanted = true
        last = null
        if (texture != null) start(id)
        return wanted
    }

    /** Ends it and gives the camera to others. */
    fun close() {
        wanted = false
        opened?.close()
        opened = null
    }

    private fun back(): String? =
        try {
            cameras.cameraIdList.firstOrNull {
                cameras.getCameraCharacteristics(it).get(CameraCharacteristics.LENS_FACING) == CameraCharacteristics.LENS_FACING_BACK
            }
        } catch (_: CameraAccessException) {
            null
        } catch (_: IllegalArgumentException) {
            // It was taken away between the two questions.
            null
        }

    // The screen asks for the permission before it opens the camera.
    @SuppressLint("MissingPermission")
    private fun start(id: String) {
        try {
            val camera = Opened(size(id)).also { opened = it }
            fit()
            cameras.openCamera(id, camera, main)
        } catch (_: CameraAccessException) {
            // In use elsewhere, or forbidden by whoever manages this phone.
            fail()
        } catch (_: SecurityException) {
            fail()
        } catch (_: IllegalArgumentException) {
            fail()
        }
    }

    private fun fail() {
        close()
        failed()
    }

    private fun look(
        image: Image,
        codes: CodeReader,
    ) {
        val plane = image.planes[0]
        val brightness = ByteArray(plane.buffer.remaining()).also(plane.buffer::get)
        val text = codes.read(brightness, image.width, image.height, plane.rowStride) ?: return
        main.post {
            // The same code is in sight for many pictures; it is said once.
            if (wanted && text != last) {
                last = text
                seen(text)
            }
        }
    }

    /** Enough for a dense code, and no more than can be looked at several times a second. */
    private fun size(id: String): Size {
        val map = cameras.getCameraCharacteristics(id).get(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP)
        val sizes = map?.getOutputSizes(ImageFormat.YUV_420_888).orEmpty()
        return sizes.filter { it.width <= WIDEST }.maxByOrNull { it.width * it.height } ?: Size(640, 480)
    }

    /** Fills the view without stretching: the camera's picture lies on its side. */
    private fun fit() {
        val size = opened?.size ?: return
        val (wide, tall) = preview.width.toFloat() to preview.height.toFloat()
        if (wide == 0f || tall == 0f) return
        val turned = (preview.display?.rotation ?: Surface.ROTATION_0) * QUARTER
        val upright = turned % (2 * QUARTER) == 0
        val (pictureWide, pictureTall) = if (upright) size.height to size.width else size.width to size.height
        val scale = maxOf(wide / pictureWide, tall / pictureTall)
        val middle = RectF(0f, 0f, wide, tall)
        preview.setTransform(
            Matrix().apply {
                setScale(scale * pictureWide / wide, scale * pictureTall / tall, middle.centerX(), middle.centerY())
                if (turned != 0) postRotate(-turned.toFloat(), middle.centerX(), middle.centerY())
            },
        )
    }

    /** One camera, from the question for it on. What comes after it was closed is another's. */
    private inner class Opened(
        val size: Size,
    ) : CameraDevice.StateCallback() {
        // Its own: the last picture of the one before may be looked at still.
        private val codes = CodeReader()
        private val pictures = Pictures(size) { look(it, codes) }
        private var device: CameraDevice? = null
        private var drawn: Surface? = null

        fun close() {
            device?.close()
            device = null
            pictures.close()
            drawn?.release()
            drawn = null
        }

        override fun onOpened(camera: CameraDevice) {
            if (opened !== this) {
                camera.close()
                return
            }
            device = camera
            session(camera)
        }

        override fun onDisconnected(camera: CameraDevice) = ended(camera)

        override fun onError(
            camera: CameraDevice,
            error: Int,
        ) = ended(camera)

        private fun ended(camera: CameraDevice) {
            camera.close()
            if (opened === this) fail()
        }

        private fun session(camera: CameraDevice) {
            val texture = texture ?: return
            texture.setDefaultBufferSize(size.width, size.height)
            val surface = Surface(texture).also { drawn = it }
            val executor = Executor { main.post(it) }
            val outputs = listOf(surface, pictures.surface).map(::OutputConfiguration)
            try {
                val request =
                    camera.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW).apply {
                        addTarget(surface)
                        addTarget(pictures.surface)
                        set(CaptureRequest.CONTROL_AF_MODE, CaptureRequest.CONTROL_AF_MODE_CONTINUOUS_PICTURE)
                    }
                val running = Running(request.build())
                camera.createCaptureSession(SessionConfiguration(SessionConfiguration.SESSION_REGULAR, outputs, executor, running))
            } catch (_: CameraAccessException) {
                fail()
            }
        }

        private inner class Running(
            private val request: CaptureRequest,
        ) : CameraCaptureSession.StateCallback() {
            override fun onConfigured(session: CameraCaptureSession) {
                if (opened !== this@Opened) return
                try {
                    session.setRepeatingRequest(request, null, main)
                } catch (_: CameraAccessException) {
                    fail()
                } catch (_: IllegalStateException) {
                    // Closed meanwhile.
                    fail()
                }
            }

            override fun onConfigureFailed(session: CameraCaptureSession) {
                if (opened === this@Opened) fail()
            }
        }
    }

    private inner class Preview : TextureView.SurfaceTextureListener {
        override fun onSurfaceTextureAvailable(
            texture: SurfaceTexture,
            width: Int,
            height: Int,
        ) {
            this@CodeCamera.texture = texture
            if (wanted && opened == null) back()?.let(::start) ?: fail()
        }

        override fun onSurfaceTextureSizeChanged(
            texture: SurfaceTexture,
            width: Int,
            height: Int,
        ) = fit()

        override fun onSurfaceTextureDestroyed(texture: SurfaceTexture): Boolean {
            this@CodeCamera.texture = null
            // Until there is another place to draw on.
            opened?.close()
            opened = null
            return true
        }

        override fun onSurfaceTextureUpdated(texture: SurfaceTexture) {}
    }

    private companion object {
        const val WIDEST = 1280
        const val QUARTER = 90
    }
}
